"""A difference into parts that add up exactly."""

from __future__ import annotations

from collections.abc import Mapping


def decompose(
    before: Mapping[str, int], after: Mapping[str, int], total_before: int, total_after: int
) -> dict[str, int]:
    """Part -> change, in integer units; "other" takes what the parts do not explain.

    The values sum to ``total_after - total_before`` exactly.
    """
    names = sorted({*before, *after})
    parts = {name: after.get(name, 0) - before.get(name, 0) for name in names}
    parts["other"] = total_after - total_before - sum(parts.values())
    return parts
