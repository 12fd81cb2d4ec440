"""Arrivals and journeys: the same seed, the same users."""

from __future__ import annotations

from collections import Counter

import pytest

from brownout.load import arrivals, journeys

WORLD = journeys.World(
    visitors=["a", "b", "c"], books=list(range(1, 1001)), genres=["crime"], assets=["/assets/x.js"]
)


def test_arrivals_of_a_second_are_always_the_same() -> None:
    assert arrivals.arrivals(7, 3, 4.0) == arrivals.arrivals(7, 3, 4.0)
    assert arrivals.arrivals(7, 3, 4.0) != arrivals.arrivals(8, 3, 4.0)
    assert all(0 <= t < 1 for t in arrivals.arrivals(7, 3, 4.0))
    assert arrivals.arrivals(7, 3, 0.0) == []


def test_arrivals_have_the_mean_and_variance_of_a_poisson_process() -> None:
    counts = [len(arrivals.arrivals(7, second, 4.0)) for second in range(5000)]
    mean = sum(counts) / len(counts)
    variance = sum((c - mean) ** 2 for c in counts) / len(counts)
    assert mean == pytest.approx(4.0, abs=0.1)
    assert variance == pytest.approx(4.0, abs=0.25)


def test_a_visit_is_always_the_same_and_its_traces_are_its_own() -> None:
    one, two = (journeys.visit(7, 5, WORLD, journeys.WEIGHTS) for _ in range(2))
    assert one == two
    traces = [s.trace_id for n in range(200) for s in _visit(n).steps]
    assert len(set(traces)) == len(traces)


def _visit(number: int) -> journeys.Visit:
    return journeys.visit(7, number, WORLD, journeys.WEIGHTS)


def test_journeys_come_by_their_weights() -> None:
    counts = Counter(_visit(n).journey for n in range(4000))
    for name, weight in journeys.WEIGHTS.items():
        assert counts[name] / 4000 == pytest.approx(weight, abs=0.03)


def test_steps_are_in_order_and_assets_only_for_newcomers() -> None:
    for number in range(300):
        visit = _visit(number)
        times = [s.after for s in visit.steps]
        assert times == sorted(times)
        assets = any(s.route == "GET /assets/{file}" for s in visit.steps)
        known = visit.visitor in WORLD.visitors
        assert assets == (not known and visit.journey != "client")


def test_a_buyer_orders_what_is_in_the_cart() -> None:
    buyer = next(v for v in map(_visit, range(500)) if v.journey == "buyer")
    assert [s.route for s in buyer.steps][-3:] == [
        "POST /api/cart/items/",
        "GET /api/cart/",
        "POST /api/checkout/",
    ]


def test_books_follow_a_power_law() -> None:
    ids = [
        int(s.path.split("/")[3])
        for n in range(3000)
        for s in _visit(n).steps
        if s.route == "GET /api/books/{id}/"
    ]
    top = sum(i <= 32 for i in ids) / len(ids)
    assert top == pytest.approx(0.5, abs=0.05)  # half of a log-uniform rank lies below sqrt(1000)
