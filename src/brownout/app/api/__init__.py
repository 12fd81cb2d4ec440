"""The HTTP API of a running drill: what the other terminal, a cockpit and agents talk to."""
