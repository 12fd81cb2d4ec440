"""Where time goes: stack samples of running processes, joined to routes, as flame graphs."""
