"""What can be promised of the models in service, and what their versions allow in training.

Which of the two limits of a metric counts is decided where it is measured (tests/golden.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ai.quality import ndcg

QUALITY = {
    "recommender ndcg@10": "at_least",
    "search ndcg@10": "at_least",
    "shop search ndcg@10": "at_least",
    "delivery mean absolute error": "at_most",
    "sentiment accuracy": "at_least",
    "summary faithfulness": "at_least",
    "summary coverage": "at_least",
    "summary reviews unread": "at_most",
}
"""The metrics that ``[[quality]]`` of slo.toml may name, and which bound each has."""

FRESHNESS = {
    "recommendations": "recommendations age",
    "summaries": "summaries overdue",
    "embeddings": "embeddings overdue",
}
"""What ``[[freshness]]`` may name, and the metric in seconds that it bounds."""

DEFAULT = "2026-09"
FAITHFUL = 0.95
"""The share of a summary's sentences that a review must support."""
UNREAD = 0.2
"""The share of its reviews that a summary need not know; with more, it is overdue."""
RECOMMENDED = 38 * 3600
"""Seconds: a list is used for 36 hours, and stays in the cache for 10 minutes, or an hour and 10
minutes while nobody can make another."""
SUMMARISED = 900
"""Seconds that a summary may be overdue."""
EMBEDDED = 0.02
"""Seconds that embedding all books anew may take for each of them; shorter than a few minutes it
need not be."""


def golden(
    cases: Mapping[str, dict[str, Any]], manifests: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The golden sets: {model: its cases and data_sha256}, and ``limits``: {metric: its limit}.

    What is worse than the default version by a tenth and more is refused, with one exception: the
    delivery times of the forest were accepted when it was released; its limit has room for them.
    """
    value = {(m["name"], m["version"]): m["quality"]["value"] for m in manifests}
    data = {m["name"]: m["data_sha256"] for m in manifests}
    sets = {name: {**cases[name], "data_sha256": data[name]} for name in cases}
    popular, books = popularity(cases["recommender"]), cases["embedding"]["books"]
    limits = {
        "recommender ndcg@10": max(value["recommender", DEFAULT] * 0.9, 2 * popular),
        "search ndcg@10": value["embedding", DEFAULT] * 0.9,
        "shop search ndcg@10": cases["embedding"]["shop"] * 0.9,
        "delivery mean absolute error": value["delivery", "2026-11"] * 1.1,
        "sentiment accuracy": value["sentiment", DEFAULT] * 0.95,
        "summary faithfulness": FAITHFUL,
        "summary coverage": value["summary", DEFAULT] * 0.9,
        "summary reviews unread": UNREAD,
        "recommendations age": RECOMMENDED,
        "summaries overdue": SUMMARISED,
        "embeddings overdue": max(300, books * EMBEDDED),
    }
    return {**sets, "limits": {name: round(limit, 4) for name, limit in limits.items()}}


def popularity(cases: Mapping[str, Any]) -> float:
    """What the same ten popular books for everybody would come to."""
    books = cases["popular"]
    return float(np.mean([ndcg(books, set(case["relevant"])) for case in cases["cases"]]))
