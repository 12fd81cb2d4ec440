"""Arrivals and journeys: the same seed, the same users."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace

import pytest

from brownout.load import arrivals, journeys
from brownout.load.visits import ASK, ASSET, IN_VIEW, LOGIN

OLD = journeys.World(
    visitors=["a", "b", "c"], books=list(range(1, 1001)), genres=["crime"], assets=["/assets/x.js"]
)
WORLD = replace(
    OLD,
    emails=["a@example.com", "b@example.com", "c@example.com"],
    sessions=["s1", "s2"],
    accounts=True,
    assistant=True,
)
VISITS = [journeys.visit(7, n, WORLD) for n in range(3000)]


def routes(visit: journeys.Visit) -> list[str]:
    return [step.route for step in visit.steps]


def test_arrivals_of_a_second_are_always_the_same() -> None:
    assert arrivals.offsets(7, 3, 4.0) == arrivals.offsets(7, 3, 4.0)
    assert arrivals.offsets(7, 3, 4.0) != arrivals.offsets(8, 3, 4.0)
    assert all(0 <= t < 1 for t in arrivals.offsets(7, 3, 4.0))
    assert arrivals.offsets(7, 3, 0.0) == []


@pytest.mark.parametrize("rate", [4.0, 900.0])
def test_arrivals_have_the_mean_and_variance_of_a_poisson_process(rate: float) -> None:
    n = 5000 if rate < 100 else 300
    counts = [len(arrivals.offsets(7, second, rate)) for second in range(n)]
    mean = sum(counts) / n
    variance = sum((c - mean) ** 2 for c in counts) / n
    assert mean == pytest.approx(rate, rel=0.025)
    assert variance == pytest.approx(rate, rel=0.06 if n == 5000 else 0.25)


@pytest.mark.parametrize("players", [1, 2, 3, 7])
def test_the_shares_of_several_players_are_together_the_play_of_one(players: int) -> None:
    for number in range(20):
        second = arrivals.Second(number, number * arrivals.NS, 6.0)
        shares = [arrivals.arrivals(7, second, WORLD, k, players) for k in range(players)]
        together = sorted((a for share in shares for a in share), key=lambda a: a.place)
        assert together == arrivals.arrivals(7, second, WORLD)


def test_a_visit_is_always_the_same_and_its_traces_are_its_own() -> None:
    assert journeys.visit(7, 5, WORLD) == journeys.visit(7, 5, WORLD)
    assert journeys.visit(7, 5, WORLD) == journeys.visit(7, 5, journeys.World(**asdict(WORLD)))
    traces = [s.trace_id for v in VISITS for s in v.steps]
    assert len(set(traces)) == len(traces)


def test_journeys_come_by_their_weights() -> None:
    counts = Counter(v.journey for v in VISITS)
    assert set(counts) == {"browser", "searcher", "buyer", "reader", "client"}
    for name, journey in journeys.discover().items():
        assert counts[name] / len(VISITS) == pytest.approx(journey.WEIGHT, abs=0.03)


def test_steps_are_in_order_and_assets_only_for_newcomers() -> None:
    for visit in VISITS:
        order = [(s.wave, s.after) for s in visit.steps]
        assert order == sorted(order)
        assets = "GET /assets/{file}" in routes(visit)
        assert assets == (visit.newcomer and visit.journey != "client")
        assert visit.newcomer != (visit.cookies["visitor"] in WORLD.visitors)


def test_a_page_comes_first_then_its_assets_together_then_what_its_code_asks() -> None:
    visit = next(v for v in VISITS if v.journey == "browser" and v.newcomer)
    waves = [[s.route for s in wave] for wave in visit.waves()]
    assert waves[:3] == [
        ["GET /"],
        ["GET /assets/{file}"],
        ["GET /api/session/", "GET /api/home/"],
    ]


def test_newcomers_fetch_each_file_once_when_a_page_first_needs_it() -> None:
    whole = replace(
        WORLD,
        parts={"Books": ["/assets/books.js"], "Book": ["/assets/book.js", "/assets/book.css"]},
        images=[f"/assets/{n}.svg" for n in range(20)],
    )
    visits = [journeys.visit(7, n, whole) for n in range(1000)]
    for visit in visits:
        fetched = [s.path for s in visit.steps if s.route == ASSET]
        assert len(fetched) == len(set(fetched))
        assert bool(fetched) == (visit.newcomer and visit.journey != "client")
    visit = next(v for v in visits if v.journey == "browser" and v.newcomer)
    waves = [[s.path for s in wave] for wave in visit.waves()]
    assert waves[1:3] == [["/assets/x.js"], ["/api/session/", "/api/home/"]]
    assert len(waves[3]) == IN_VIEW and set(waves[3]) <= set(whole.images)
    assert waves[4][:2] == ["/assets/books.js", "/api/genres/"]
    [opened] = [wave for wave in waves if "/assets/book.js" in wave]
    assert opened[1] == "/assets/book.css" and opened[2].startswith("/api/books/")


def test_a_buyer_orders_what_is_in_the_cart() -> None:
    buyers = [v for v in VISITS if v.journey == "buyer"]
    for buyer in buyers:
        bought = [r for r in routes(buyer) if r != LOGIN]
        assert bought[-4:] == [
            "POST /api/cart/items/",
            "GET /api/cart/",
            "POST /api/checkout/",
            "GET /api/orders/",
        ]
    logins = [s for v in buyers for s in v.steps if s.route == LOGIN]
    assert len(logins) / len(buyers) == pytest.approx(0.15, abs=0.05)


def test_nobody_with_an_open_session_changes_anything() -> None:
    resumed = [v for v in VISITS if "sessionid" in v.cookies]
    assert {v.journey for v in resumed} == {"browser", "searcher", "reader"}
    posts = {s.route for v in resumed for s in v.steps if s.method == "POST"}
    assert posts <= {ASK}


def test_an_older_shop_is_asked_for_nothing_that_it_does_not_have() -> None:
    new = {LOGIN, ASK, "GET /api/session/", "GET /api/orders/"}
    assert new <= {r for v in VISITS for r in routes(v)}
    visits = [journeys.visit(7, n, OLD) for n in range(1000)]
    assert not new & {r for v in visits for r in routes(v)}
    assert {v.journey for v in visits} == {"browser", "searcher", "buyer", "client"}


def test_books_follow_a_power_law() -> None:
    ids = [
        int(s.path.split("/")[3])
        for v in VISITS
        for s in v.steps
        if s.route == "GET /api/books/{id}/"
    ]
    top = sum(i <= 32 for i in ids) / len(ids)
    assert top == pytest.approx(0.5, abs=0.05)  # half of a log-uniform rank lies below sqrt(1000)
