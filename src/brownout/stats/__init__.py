"""Statistics: numbers in, numbers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brownout.stats.canary import Canary, FixedBaseline, against
    from brownout.stats.changes import ChangePoint, Changes, change_points
    from brownout.stats.detector import EDetector
    from brownout.stats.live import Live
    from brownout.stats.releases import (
        Comparison,
        Effect,
        compare_rates,
        compare_runs,
        compare_values,
    )
    from brownout.stats.summary import Summary

__all__ = [
    "Canary",
    "ChangePoint",
    "Changes",
    "Comparison",
    "EDetector",
    "Effect",
    "FixedBaseline",
    "Live",
    "Summary",
    "against",
    "change_points",
    "compare_rates",
    "compare_runs",
    "compare_values",
]

OF = {
    "canary": ("Canary", "FixedBaseline", "against"),
    "changes": ("ChangePoint", "Changes", "change_points"),
    "detector": ("EDetector",),
    "live": ("Live",),
    "releases": ("Comparison", "Effect", "compare_rates", "compare_runs", "compare_values"),
    "summary": ("Summary",),
}
HOME = {name: f"brownout.stats.{module}" for module, names in OF.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: some of it brings NumPy or compiled code."""
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(HOME[name]), name)
