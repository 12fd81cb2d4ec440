"""Live alerts on literal seconds."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from brownout import alerting
from brownout.alerting import CALM_SECONDS, Alerting, Limit, Observation
from brownout.model import NS

ROUTE = "GET /api/books/"
LATENCY = Limit("latency", ROUTE, 20.0, 45.0)
CPU = Limit("cpu", "web", 0.4, 0.65)
CALM = {limit.key: (0, 40) for limit in (LATENCY, CPU)}
"""A baseline of 40 s without a bad one: it vouches for 5% of bad seconds."""


def slow(share: float) -> Observation:
    return Observation("latency", ROUTE, 300.0, share)


def play(alerts: Alerting, pattern: str, start: int = 0) -> list[tuple[int, dict[str, Any]]]:
    """(second, change) for a pattern of bad (x) and good seconds of the route's latency."""
    return [
        (second, change)
        for second, letter in enumerate(pattern, start)
        for change in alerts.update(second * NS, [slow(letter == "x")])
    ]


def moments(changes: Iterable[tuple[int, dict[str, Any]]]) -> list[tuple[int, str, str]]:
    return [(second, change["id"], change["state"]) for second, change in changes]


def test_thresholds_come_from_the_baseline() -> None:
    assert alerting.latency_limit(ROUTE, [20.0] * 9) == LATENCY
    assert alerting.latency_limit(ROUTE, [100.0] * 9).threshold == 150
    assert alerting.cpu_limit("web", [0.4] * 9) == CPU
    assert alerting.cpu_limit("web", [0.8] * 9).threshold == pytest.approx(1.2)
    assert alerting.memory_limit("web", [90.0, 100.0]).threshold == 164
    assert alerting.memory_limit("web", [900.0, 1000.0]).threshold == 1300


def test_a_bad_second_is_one_in_which_many_suffer() -> None:
    assert [LATENCY.bad(share) for share in (0.49, 0.5)] == [False, True]
    assert [Limit("errors", ROUTE, 0, 20).bad(share) for share in (0.19, 0.2)] == [False, True]
    assert [CPU.bad(share) for share in (False, True)] == [False, True]


def test_it_fires_in_the_fifth_bad_second_and_not_before() -> None:
    changes = play(Alerting([LATENCY], CALM), "...xxxxxx")
    assert changes == [
        (7, {
            "id": "A1", "state": "firing", "signal": "latency", "subject": ROUTE, "value": 300.0,
            "baseline": 20.0, "threshold": 45.0, "unit": "ms", "since": 3 * NS,
        })
    ]  # fmt: skip


def test_more_signals_want_more_evidence() -> None:
    others = [Limit("latency", f"GET /{i}", 20, 45) for i in range(49)]
    assert moments(play(Alerting([LATENCY, *others], CALM), "xxxxxxx")) == [(5, "A1", "firing")]


@pytest.mark.parametrize(
    ("bad", "fires"),
    [
        (2, 6),  # at most 13% of the seconds are bad, with 95% confidence
        (10, 13),  # 37%
        (40, 16),  # taken for 42.5%, half of a fault's share
    ],
)
def test_a_restless_baseline_wants_more_evidence(bad: int, fires: int) -> None:
    alerts = Alerting([LATENCY], {LATENCY.key: (bad, 40)})
    assert moments(play(alerts, "x" * 30)) == [(fires, "A1", "firing")]


def test_isolated_bad_seconds_never_fire() -> None:
    assert play(Alerting([LATENCY], CALM), "x..." * 500 + "xx....." * 500) == []


def test_it_is_resolved_after_ten_calm_seconds_in_a_row() -> None:
    alerts = Alerting([LATENCY], CALM)
    calm = "." * CALM_SECONDS
    changes = play(alerts, "xxxxx" + calm[1:] + "x" + calm + ".." + "xxxxx")
    assert moments(changes) == [(4, "A1", "firing"), (24, "A1", "resolved"), (31, "A2", "firing")]
    assert [change["since"] // NS for _, change in changes] == [0, 24, 27]
    assert alerting.describe(changes[1][1]) == f"A1 resolved: latency of {ROUTE}"


def test_a_rare_signal_is_resolved_by_three_calm_seconds_that_were_seen() -> None:
    alerts = Alerting([LATENCY], CALM)
    fired = play(alerts, "xxxxx")
    seen = ((12, 0.0), (18, 1.0), (25, 0.0), (26, 0.0), (40, 0.0))
    changes = [
        (second, change)
        for second, share in seen
        for change in alerts.update(second * NS, [slow(bool(share))])
    ]
    assert moments(fired + changes) == [(4, "A1", "firing"), (40, "A1", "resolved")]


def test_what_a_validation_raises_by_itself_does_not_ring() -> None:
    """Its tests and its peak load take CPU; users who wait are told all the same."""
    alerts, busy = Alerting([LATENCY, CPU], CALM), Observation("cpu", "web", 0.9, 1.0)
    for second in range(60):
        assert alerts.update(second * NS, [busy], validating=True) == []
    rang = [alerts.update(s * NS, [busy, slow(1.0)], validating=True) for s in range(60, 70)]
    assert [change["signal"] for changes in rang for change in changes] == ["latency"]
    rang = [alerts.update(s * NS, [busy]) for s in range(70, 80)]
    assert [change["signal"] for changes in rang for change in changes] == ["cpu"]


def test_what_a_deployment_raises_by_itself_does_not_ring() -> None:
    """Two releases side by side take memory; what is still there afterwards is told."""
    memory = Limit("memory", "web", 352.0, 457.6)
    alerts = Alerting([LATENCY, CPU, memory], CALM | {memory.key: (0, 40)})
    raised = [Observation("memory", "web", 708.0, 1.0), Observation("cpu", "web", 0.9, 1.0)]
    for second in range(60):
        assert alerts.update(second * NS, raised, deploying=True) == []
    rang = [alerts.update(s * NS, [*raised, slow(1.0)], deploying=True) for s in range(60, 70)]
    assert [change["signal"] for changes in rang for change in changes] == ["latency"]
    rang = [alerts.update(s * NS, raised) for s in range(70, 80)]
    assert [change["signal"] for changes in rang for change in changes] == ["memory", "cpu"]


def test_since_is_when_the_evidence_began() -> None:
    [(_, change)] = play(Alerting([LATENCY], CALM), "x....xx.xxxx")
    assert change["since"] == 5 * NS


def test_each_signal_has_its_alert() -> None:
    alerts = Alerting([LATENCY, CPU], CALM)
    busy = Observation("cpu", "web", 1.9, True)
    unknown = Observation("cpu", "worker", 1.9, True)
    changes = [
        change
        for second in range(8)
        for change in alerts.update(second * NS, [unknown, slow(second > 0), busy])
    ]
    assert [(c["id"], c["signal"], c["since"] // NS) for c in changes] == [
        ("A1", "cpu", 0),
        ("A2", "latency", 1),
    ]
    assert alerting.describe(changes[0]) == (
        "A1 cpu of web: 1.9 cores (baseline 0.4, threshold 0.65)"
    )


def test_false_alarms_are_rarer_than_stated() -> None:
    """Three days at the baseline's own rate of bad seconds; one false alarm a day is stated."""
    rng = random.Random(5)
    alerts = Alerting([LATENCY], {LATENCY.key: (12, 50)})
    fired = 0
    for second in range(3 * 86_400):
        changes = alerts.update(second * NS, [slow(rng.random() < 0.25)])
        fired += any(change["state"] == "firing" for change in changes)
    assert fired <= 3
