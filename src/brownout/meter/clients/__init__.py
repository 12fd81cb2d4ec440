"""Calls of other services, through each HTTP client that is metered."""
