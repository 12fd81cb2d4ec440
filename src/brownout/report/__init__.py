"""Reports: what people read, from history and recording alone; the truth reaches only the score."""
