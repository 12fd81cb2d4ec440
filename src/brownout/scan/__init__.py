"""Scanning many series for changes: files or Prometheus in, changes out, in bounded memory."""
