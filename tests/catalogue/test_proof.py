"""The contract of a scenario, on a site whose latencies are told: what holds, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from recordings import MemoryRecording, at, statement, traffic

from brownout import store
from brownout.catalogue import scenarios
from brownout.catalogue.proof import Check, Proof
from brownout.model import Op, Window

BOOK, REVIEWS = "GET /api/books/{id}/", "GET /api/books/{id}/reviews/"
PASSED = {"passed": True, "total": 16, "failures": []}
GOLDEN = {"passed": True, "metrics": []}
GOOD, BAD = 20.0, 200.0
"""Milliseconds of the book page."""


class Stack:
    release = "v2.7.0"

    def active_models(self) -> Mapping[str, str]:
        return {"delivery": "2026-09"}


class Site:
    """Stands in for the running shop: what is put live decides the latencies that come.

    ``slow``: release or model -> ms of the book page while it is live; ``calls``: statements.
    """

    declared = {BOOK: (100.0, 0.01)}
    calibrated: Mapping[str, float] = {}

    def __init__(self, slow: Mapping[str, float], calls: Mapping[str, int]) -> None:
        self.stack = Stack()
        self.recording = MemoryRecording({})
        self.slow, self.calls = slow, calls
        self.live = "v2.7.0"
        self.done: list[str] = []
        self.passed: Mapping[str, Any] = PASSED
        self._now = 0.0

    def measure(self, profile: str, seconds: float) -> Window:
        start, self._now = self._now, self._now + seconds
        calls = self.calls.get(self.live, 6)
        took = self.slow.get(self.live, GOOD)
        traffic(self.recording, start, self._now, took, BOOK, sql_calls=calls,
                sql=[statement(calls, 2.0)])  # fmt: skip
        return Window(at(start), at(self._now))

    def set_load(self, profile: str) -> None:
        pass

    def tested(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return self.passed, GOLDEN

    def perform(self, op: Op) -> None:
        self.done.append(f"{op.name} {' '.join(str(v) for v in op.args.values())}")
        match op.name:
            case "deploy":
                self.live = str(op.args["ref"])
            case "rollback":
                self.live = str(op.args["to"])
            case "set-model":
                self.live = f"{op.args['name']}={op.args['version']}"


def prove(name: str, site: Any) -> dict[str, Check]:
    scenario = scenarios.load(store.assets() / "scenarios", name)
    return {check.name: check for check in Proof(scenario, site, lambda text: None).run()}


def test_a_scenario_that_bites_and_heals_is_proven() -> None:
    site = Site({"v2.8.0": BAD}, {"v2.8.0": 200})
    checks = prove("n-plus-one-reviews", site)
    assert [name for name, check in checks.items() if not check.ok] == []
    assert list(checks) == [
        "the baseline holds", "the bad release bites", "only declared counters changed",
        "fix heals", "rollback heals", "tests pass: baseline", "tests pass: bad",
        "tests pass: fix", "tests pass: rollback",
    ]  # fmt: skip
    assert site.done == [
        "deploy v2.8.0", "deploy v2.9.0", "rollback v2.7.0 True", "deploy v2.8.0",
        "rollback v2.7.0", "deploy v2.8.0",
    ]  # fmt: skip
    assert "p95 22 -> 218 ms, 10.0x" in checks["the bad release bites"].detail


@pytest.mark.parametrize(
    ("slow", "calls", "failing"),
    [
        ({"v2.8.0": 30.0}, {"v2.8.0": 200}, "the bad release bites"),
        ({"v2.8.0": BAD, "v2.9.0": 60.0}, {"v2.8.0": 200}, "fix heals"),
        ({"v2.8.0": BAD}, {}, "only declared counters changed"),
    ],
)
def test_what_does_not_hold_is_named(
    slow: Mapping[str, float], calls: Mapping[str, int], failing: str
) -> None:
    checks = prove("n-plus-one-reviews", Site(slow, calls))
    assert [name for name, check in checks.items() if not check.ok] == [failing]


def test_an_undeclared_counter_is_found() -> None:
    checks = prove("slow-delivery-model", Site({"delivery=2026-11": BAD}, {"delivery=2026-11": 60}))
    check = checks["only declared counters changed"]
    assert (check.ok, check.detail) == (False, f"{BOOK} sql_calls 6.0 -> 60.0")


def test_a_path_that_must_not_heal_fails_when_it_does() -> None:
    site = Site({"v2.8.0": BAD}, {})
    checks = prove("missing-index", site)
    # Here the rollback of the code heals: the site knows no migrations.
    assert not checks["rollback does not heal"].ok
    assert not checks["index heals"].ok
    assert "sql DROP INDEX review_book_newest True" in site.done


def test_a_healthy_release_must_be_harmless() -> None:
    assert prove("healthy", Site({}, {}))["the release is harmless"].ok
    harmful = prove("healthy", Site({"v2.8.0": BAD}, {}))["the release is harmless"]
    assert not harmful.ok
    assert f"{BOOK} 218/100 ms" in harmful.detail


def test_failing_tests_are_told() -> None:
    site = Site({"v2.8.0": BAD}, {"v2.8.0": 200})
    site.passed = {"passed": False, "total": 16, "failures": ["test_home"]}
    checks = prove("n-plus-one-reviews", site)
    assert not checks["tests pass: bad"].ok
    assert checks["tests pass: bad"].detail == "16 functional tests test_home; "


def test_every_path_of_every_scenario_is_known() -> None:
    folder: Path = store.assets() / "scenarios"
    for name in scenarios.ids(folder):
        heals = scenarios.load(folder, name).raw.get("heals", {})
        assert {*heals.get("by", ()), *heals.get("not", ())} <= set(scenarios.PATHS)
