"""The shape of a metric, and why there may be none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ai.quality import interval


class Mismatch(Exception):
    """The golden sets were not made from the data of what is measured; says which, and why."""


def metric(
    name: str,
    scores: Sequence[float],
    limit: float,
    *,
    unit: str = "",
    most: bool = False,
    **more: float,
) -> dict[str, Any]:
    """The mean of the cases' scores, which must be ``limit`` at least (with ``most``: at most).

    {name, value, low, high, n, limit, ok, unit}, and ``more`` that explains it.
    """
    found = interval(scores)
    ok = found["value"] <= limit if most else found["value"] >= limit
    return {"name": name, **found, "limit": limit, "ok": ok, "unit": unit, **more}
