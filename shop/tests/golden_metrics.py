"""The shape of a measurement, and why there may be none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class Mismatch(Exception):
    """The golden sets were not made from the data of what is measured; says which, and why."""


@dataclass(frozen=True)
class Measured:
    """A metric: the score of each case. ``more``: other numbers that explain it."""

    name: str
    scores: Sequence[float]
    unit: str = ""
    more: Mapping[str, float] = field(default_factory=dict)
