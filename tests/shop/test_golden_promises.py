"""What is promised of quality and freshness, against literal measurements."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from ai import learned, limits
from brownout import slo
from tests import golden_promises
from tests.golden_metrics import Measured
from tests.golden_promises import Unclear, judged

NDCG, HOURS = "recommender ndcg@10", "delivery mean absolute error"


@pytest.mark.parametrize(
    ("name", "value", "declared", "trained", "limit", "ok"),
    [
        (NDCG, 0.16, 0.12, 0.15, 0.12, True),
        (NDCG, 0.13, 0.12, 0.15, 0.12, True),  # below its own tenth, and as good as promised
        (NDCG, 0.04, 0.12, 0.15, 0.12, False),
        (NDCG, 0.04, 0.12, 0.03, 0.03, True),  # small data: nobody can promise more of them
        (NDCG, 0.12, 0.12, 0.12, 0.12, True),
        (NDCG, 0.14, None, 0.15, 0.15, False),
        (HOURS, 2.1, 3.5, 4.3, 4.3, True),
        (HOURS, 4.0, 3.5, 2.8, 3.5, False),
        (HOURS, 3.0, None, 2.8, 2.8, False),
        ("embeddings overdue", 350, 600, 300, 600, True),
        ("embeddings overdue", 3000, 600, 4000, 4000, True),
    ],
)
def test_the_looser_limit_is_the_promise(
    name: str, value: float, declared: float | None, trained: float, limit: float, ok: bool
) -> None:
    told = {name: declared} if declared is not None else {}
    found = judged(Measured(name, [value] * 3, "u", {"more": 1}), {name: trained}, told)
    assert (found["declared"], found["limit"], found["ok"]) == (declared, limit, ok)
    assert (found["value"], found["low"], found["high"], found["n"]) == (value, value, value, 3)
    assert (found["unit"], found["more"]) == ("u", 1)


def test_the_shops_own_promises_are_of_metrics_that_there_are() -> None:
    declared = golden_promises.read(tiny.SHOP / "slo.toml")
    assert {"recommender ndcg@10", "shop search ndcg@10", "summary coverage"} <= set(declared)
    assert set(limits.FRESHNESS.values()) <= set(declared)
    assert slo.metrics(tiny.SHOP) == (limits.QUALITY, limits.FRESHNESS)
    found = slo.load(tiny.SHOP)
    bounds = {n: b.least if b.most is None else b.most for n, b in found.quality.items()}
    ages = {limits.FRESHNESS[what]: most for what, most in found.freshness.items()}
    assert declared == bounds | ages


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[quality]]\nmetric = "oracle"\nat_least = 1',
         "slo.toml: unknown quality metric 'oracle'; known: recommender ndcg@10, search ndcg@10, "),
        ("[[quality]]\nat_least = 1", "unknown quality metric None; known: recommender"),
        ('[[quality]]\nmetric = "summaries overdue"\nat_most = 1', "unknown quality metric 'summ"),
        ('[[freshness]]\nwhat = "bread"\nat_most_s = 1',
         "unknown freshness 'bread'; known: recommendations, summaries, embeddings"),
        ('[[quality]]\nmetric = "summary coverage"\nat_most = 1',
         "'summary coverage' wants a bound at_least"),
        ('[[quality]]\nmetric = "summary coverage"\nat_least = "much"',
         "'summary coverage' wants a number, not 'much'"),
        ('[[quality]]\nmetric = "summary coverage"\nat_least = nan', "wants a number, not nan"),
        ('[[freshness]]\nwhat = "summaries"', "'summaries' wants a number, not None"),
        ("quality = 3", "quality is no list of tables; begin each with [[quality]]"),
        ("freshness = [1]", "freshness is no list of tables; begin each with [[freshness]]"),
        ("[[quality]", "slo.toml: no promises (Expected ']]'"),
    ],
)  # fmt: skip
def test_promises_that_cannot_be_judged_are_one_sentence(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "slo.toml"
    with pytest.raises(Unclear, match="No such file"):
        golden_promises.read(path)
    path.write_text(text)
    with pytest.raises(Unclear) as caught:
        golden_promises.read(path)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_training_ranks_as_the_shops_search_does() -> None:
    """Neither can import the other: the back end is another project than the models."""
    text = (tiny.SHOP / "backend" / "search" / "semantic.py").read_text().splitlines()
    assert f"CLOSE = {learned.CLOSE}" in text
    assert f"WEIGHT = {learned.WEIGHT}" in text
