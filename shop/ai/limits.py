"""The limits that a version in service must keep, from what the versions came to in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ai.quality import ndcg

DEFAULT = "2026-09"
FAITHFUL = 0.95
"""The share of a summary's sentences that a review must support."""
AGE = 900
"""Seconds that a review may wait for the summary that takes note of it."""


def golden(
    cases: Mapping[str, dict[str, Any]], manifests: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The golden sets: {model: its cases, limit, data_sha256}.

    What is worse than the default version by a tenth and more is refused, with one exception: the
    delivery times of the forest were accepted when it was released; its limit has room for them.
    """
    value = {(m["name"], m["version"]): m["quality"]["value"] for m in manifests}
    least = {name: round(value[name, DEFAULT] * 0.9, 4) for name in cases}
    least["delivery"] = round(value["delivery", "2026-11"] * 1.1, 4)
    least["recommender"] = max(least["recommender"], round(2 * popularity(cases["recommender"]), 4))
    least["sentiment"] = round(value["sentiment", DEFAULT] * 0.95, 4)
    data = {m["name"]: m["data_sha256"] for m in manifests}
    found = {
        name: {**cases[name], "limit": least[name], "data_sha256": data[name]} for name in cases
    }
    found["summary"]["faithful"] = FAITHFUL
    # The whole catalogue is searched, not a sample of it; what is lost with the vectors is more.
    found["embedding"]["shop_limit"] = round(least["embedding"] * 0.5, 4)
    return {**found, "freshness": {"limit": AGE}}


def popularity(cases: Mapping[str, Any]) -> float:
    """What the same ten popular books for everybody would come to."""
    books = cases["popular"]
    return float(np.mean([ndcg(books, set(case["relevant"])) for case in cases["cases"]]))
