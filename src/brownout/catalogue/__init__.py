"""Scenarios and causes: what can be flown, its proof on this machine, and what must not leak."""
