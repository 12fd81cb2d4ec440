"""The command line and the HTTP API: everything that meets a person."""
