"""Tests over HTTP against a running shop. They check behaviour, and know nothing of performance."""
