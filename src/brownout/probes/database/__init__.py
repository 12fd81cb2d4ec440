"""A PostgreSQL server as the probe on demand sees it: one file for each thing that it looks at."""
