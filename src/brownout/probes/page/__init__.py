"""A page in a real browser as the probe on demand sees it: what a visit is, and what is read."""
