"""What Python compiles in folders that are not a test's to write to: kept for the next process."""

from __future__ import annotations

from brownout import store

KEPT = {"PYTHONPYCACHEPREFIX": str(store.cache_folder().absolute() / "bytecode")}
"""To be put into the environment of what a test starts."""
