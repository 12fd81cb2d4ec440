"""Instruments: each computes one artifact from the recording in one window.

A module here is an instrument: ``NEEDS`` (tables, and columns that recordings of the first version
have not got, as "work.wait"), ``UNIT``, ``SQL`` (the query its rows come from; $1 and $2 are the
window's bounds in ns) and ``measure(recording, window) -> Artifact``.

How people see it: of its ``COLUMNS``, ``KEYS`` name a row and ``FIGURES`` are told of it, ``ORDER``
being the one by whose change rows are ordered. A column whose values are series of numbers is drawn
as a chart; one in ``PARTS`` (column -> (keys, figures) of its entries) is a table of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType

from brownout.model import Artifact, Finding, Recording


def discover() -> dict[str, ModuleType]:
    """Every instrument by its name, in order."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def measure_all(
    recording: Recording, windows: Mapping[str, str]
) -> tuple[dict[tuple[str, str], Artifact], list[Finding]]:
    """Measure the windows {"before": name, "after": name} with every instrument.

    Returns the artifacts by (instrument, side), those without any data left out, and a finding for
    each instrument that crashed.
    """
    artifacts: dict[tuple[str, str], Artifact] = {}
    errors: list[Finding] = []
    for name, instrument in discover().items():
        for side, window in windows.items():
            try:
                artifact = instrument.measure(recording, window)
            except Exception as error:  # one instrument's crash must not stop the others
                errors.append(_crashed(name, window, error))
                continue
            if artifact.n:
                artifacts[name, side] = artifact
    return artifacts, errors


def _crashed(name: str, window: str, error: Exception) -> Finding:
    if isinstance(error, KeyError) and error.args == (window,):
        reason = f"the recording has no window {window!r}"
    else:
        reason = f"instrument {name} failed: {type(error).__name__}: {error}"
    return Finding(name, f"window {window}", "error", reason=reason)
