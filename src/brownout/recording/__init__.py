"""What is measured and kept: the schema of a recording, reading it, exports, the baseline store."""
