"""What receives the telemetry, keeps it, forwards it and answers queries: a child of its own,
or a thread of `brownout run`."""
