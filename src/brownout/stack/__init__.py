"""The environment of a drill: processes with readiness, services, releases, ports."""
