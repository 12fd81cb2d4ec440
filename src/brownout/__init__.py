"""brownout: a flight simulator for performance regressions."""

__version__ = "0.1.0"
