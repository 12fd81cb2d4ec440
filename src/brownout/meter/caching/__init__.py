"""Caches: the Django cache, what its back ends pickle, and Redis used directly."""
