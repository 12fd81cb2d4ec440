"""Mergeable summaries, and Harrell and Davis' quantiles."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout.stats.quantiles import harrell_davis, quantile
from brownout.stats.summary import Summary

VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=60)


@given(VALUES, VALUES, st.floats(0, 1))
def test_merged_is_as_if_all_were_taken_in_at_once(
    a: list[float], b: list[float], q: float
) -> None:
    one, other, both = Summary(), Summary(), Summary()
    one.add(a)
    other.add(b)
    both.add([*a, *b])
    one.merge(other)
    assert (one.n, other.n) == (len(a) + len(b), len(b))
    assert one.quantile(q) == both.quantile(q)
    ordered = sorted([*a, *b])
    near = ordered[int(q * (len(ordered) - 1))]
    assert one.quantile(q) == pytest.approx(near, rel=0.0101)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng, held, held_hd = random.Random(1), 0, 0
    truth = math.exp(0.5 * 1.6449)
    for _ in range(200):
        values = [math.exp(rng.gauss(0, 0.5)) for _ in range(400)]
        summary = Summary()
        summary.add(values)
        held += summary.interval(0.95)[1] <= truth <= summary.interval(0.95)[2]
        held_hd += harrell_davis(values, 0.95)[1] <= truth <= harrell_davis(values, 0.95)[2]
    assert held >= 186
    assert held_hd >= 176


def test_harrell_davis_is_near_the_quantile_and_moves_with_its_values() -> None:
    values = [float(v) for v in range(1, 102)]
    found = harrell_davis(values, 0.5)
    assert found[0] == pytest.approx(quantile(values, 0.5))
    assert harrell_davis([v + 7 for v in values], 0.5)[0] == pytest.approx(found[0] + 7)
    assert harrell_davis([3.0], 0.9) == (3, 3, 3)


def test_what_has_no_quantile_is_refused() -> None:
    summary = Summary()
    with pytest.raises(ValueError, match="nothing"):
        summary.quantile(0.5)
    with pytest.raises(ValueError, match="value 2 is -1"):
        summary.add([1.0, -1.0])
    with pytest.raises(ValueError, match="value 2 is nan"):
        summary.add([math.nan])
    with pytest.raises(ValueError, match="quantile 2"):
        summary.quantile(2)
    with pytest.raises(ValueError, match="do not merge"):
        summary.merge(Summary(0.02))
    with pytest.raises(ValueError, match="relative error of 0"):
        Summary(0)
    with pytest.raises(ValueError, match="0 values"):
        harrell_davis([], 0.5)
