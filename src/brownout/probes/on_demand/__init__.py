"""Probes on demand: each looks at a running system for a while and tells what it saw.

One file each, found by folder; its name is the probe's id. A module here has ::

    def probe(
        site: Site, out: Path, seconds: float = 10, rate: Annotated[int, "samples a second"] = 100
    ) -> Found:
        \"""What it tells, in one line. This docstring is its help.\"""

What follows ``seconds`` are options of its own, each with a default; ``brownout probe NAME`` makes
its command of them. ``out`` is a folder that exists, for the files that it makes. In the module may
stand ``LIMIT``: the seconds that it may take beyond ``seconds`` (else LIMIT of this package);
``EXAMPLE``: a command for its help; ``ALONE = True``: it has something to tell where no shop runs.

A probe that is late is interrupted by an exception, as by Ctrl-C: what it started ends in a
``finally``. It raises BrownoutError for what it cannot see and MachineError for what the machine
forbids, each with the remedy; what it could see only in part, or not at all, is a note.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

LIMIT = 30.0
"""Seconds that a probe may take beyond those that it was asked to look for."""


def discover() -> dict[str, ModuleType]:
    """Every probe by its name, in order."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}
