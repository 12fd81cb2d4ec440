"""OTLP into rows of the recording: spans, metric points and logs, protobuf or JSON."""
