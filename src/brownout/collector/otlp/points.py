"""OTLP metric points as figures: one for a gauge or a sum, several for what has a distribution."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

NO_VALUE = 1
"""The flag of a point that says: nothing was recorded."""

QUANTILES = (0.5, 0.95, 0.99)
"""Told of an exponential histogram, whose 160 buckets would be a row each."""

COUNTS = (".count", ".bucket")
"""Figures that are numbers of values, and so have not the unit of the values."""

Figure = tuple[str, float, dict[str, Any]]
"""(what is added to the metric's name, value, further attributes)."""


def figures(kind: str, point: Any) -> Iterator[Figure]:
    """The figures of a data point of a gauge, sum, histogram, exponential_histogram or summary."""
    if point.flags & NO_VALUE:
        return
    if kind in ("gauge", "sum"):
        integer = point.WhichOneof("value") == "as_int"
        yield "", float(point.as_int if integer else point.as_double), {}
        return
    if kind == "summary" or point.HasField("sum"):
        yield ".sum", point.sum, {}
    yield ".count", float(point.count), {}
    if kind == "histogram":
        yield from _buckets(point)
    elif kind == "exponential_histogram":
        yield from _exponential(point)
    elif kind == "summary":
        for found in point.quantile_values:
            yield ".quantile", found.value, {"quantile": found.quantile}


def _buckets(point: Any) -> Iterator[Figure]:
    """How many values are not above each bound; the last bound is infinite."""
    bounds = [*map(str, point.explicit_bounds), "Infinity"]
    counts = itertools.accumulate(point.bucket_counts)
    for bound, count in zip(bounds, counts, strict=False):
        yield ".bucket", float(count), {"le": bound}


def _exponential(point: Any) -> Iterator[Figure]:
    """Quantiles, as the middle of their bucket: bucket i holds (base^i, base^(i+1)] with
    base = 2^(2^-scale) (OpenTelemetry's metrics data model, ExponentialHistogram)."""
    if not point.count or not -64 <= point.scale <= 64:
        return
    buckets = [(-_middle(point.scale, i), n) for i, n in reversed(list(_indexed(point.negative)))]
    buckets.append((0.0, point.zero_count))
    buckets += [(_middle(point.scale, i), n) for i, n in _indexed(point.positive)]
    for quantile in QUANTILES:
        seen = 0
        for value, count in buckets:
            seen += count
            if count and seen >= quantile * point.count:
                yield ".quantile", value, {"quantile": quantile}
                break


def _indexed(buckets: Any) -> Iterator[tuple[int, int]]:
    return enumerate(buckets.bucket_counts, buckets.offset)


def _middle(scale: int, index: int) -> float:
    try:
        return float(2.0 ** ((index + 0.5) * 2.0**-scale))
    except OverflowError:
        return float("inf")
