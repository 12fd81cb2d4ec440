"""What users were promised of quality and freshness (slo.toml), and whether it is kept."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ai.limits import FRESHNESS, QUALITY
from ai.quality import interval
from tests.golden_metrics import Measured

BOUNDS = {**QUALITY, **dict.fromkeys(FRESHNESS.values(), "at_most")}
"""Metric -> which bound it has."""


class Unclear(Exception):
    """What is promised cannot be judged; says where it stands, and what would do."""


def read(path: Path) -> dict[str, float]:
    """What a file of promises declares: metric -> its bound. Raises Unclear."""
    try:
        told = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Unclear(f"{path}: no promises ({error})") from error
    found: dict[str, float] = {}
    for name, metric, bound in _promised(path, told):
        if not isinstance(bound, int | float) or isinstance(bound, bool) or math.isnan(bound):
            raise Unclear(f"{path}: {name!r} wants a number, not {bound!r}")
        found[metric] = bound
    return found


def _promised(path: Path, told: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(what is promised, its metric, its bound, whatever that is)."""
    for entry in _entries(path, told, "quality"):
        name = _known(path, "quality metric", entry.get("metric"), QUALITY)
        if QUALITY[name] not in entry:
            raise Unclear(f"{path}: {name!r} wants a bound {QUALITY[name]}")
        yield name, name, entry[QUALITY[name]]
    for entry in _entries(path, told, "freshness"):
        name = _known(path, "freshness", entry.get("what"), FRESHNESS)
        yield name, FRESHNESS[name], entry.get("at_most_s")


def _entries(path: Path, told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = told.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise Unclear(f"{path}: {name} is no list of tables; begin each with [[{name}]]")
    return entries


def _known(path: Path, kind: str, name: Any, known: Iterable[str]) -> str:
    if name not in known:
        raise Unclear(f"{path}: unknown {kind} {name!r}; known: {', '.join(known)}")
    return str(name)


def judged(
    measured: Measured, trained: Mapping[str, float], declared: Mapping[str, float]
) -> dict[str, Any]:
    """{name, value, low, high, n, bound, declared, limit, ok, unit}, and what explains it.

    The mean of the scores must keep the looser of two limits: what is ``declared`` to the users,
    and what the versions ``trained`` on this very data allow, which a small shop's cannot always
    promise. So the shop as released keeps all that it promises.
    """
    bound = BOUNDS[measured.name]
    most = bound == "at_most"
    limits = [some[measured.name] for some in (declared, trained) if measured.name in some]
    limit = max(limits) if most else min(limits)
    found = interval(measured.scores)
    return {
        "name": measured.name,
        **found,
        "bound": bound,
        "declared": declared.get(measured.name),
        "limit": limit,
        "ok": found["value"] <= limit if most else found["value"] >= limit,
        "unit": measured.unit,
        **measured.more,
    }
