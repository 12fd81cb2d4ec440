"""All audits together: order, lack of data, crashes, and a machine that was not the drill's own."""

from __future__ import annotations

from dataclasses import replace

from recordings import MemoryRecording, artifacts, at, call, statement, traffic, two_windows, usage

from brownout import audits
from brownout.audits import evidence, judge_all, measured
from brownout.model import Artifact, Finding
from brownout.stats.windows import Shift

BOOK, HOME = "GET /api/books/{id}/", "GET /api/home/"


def troubled(foreign: float) -> MemoryRecording:
    """A slow model on one route, a multiplied statement on another; others use ``foreign``."""
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 1.0)])
    traffic(recording, 0, 30, 20.0, HOME, ai=[call(2.0, "2026-03")])
    traffic(recording, 40, 70, 90.0, sql=[statement(21, 21.0)])
    traffic(recording, 40, 70, 120.0, HOME, ai=[call(82.0, "2026-11")])
    usage(recording, 0, [0.3] * 30, [100] * 30)
    usage(recording, 40, [0.9] * 30, [110] * 30)
    for start, cores in ((0, 0.0), (40, foreign)):
        recording.insert(
            "machine", [{"ts": at(start + s), "foreign_cpu": cores} for s in range(30)]
        )
    return recording


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(f.verdict, f.audit, f.subject) for f in findings]


def test_the_cause_that_explains_most_comes_first_and_symptoms_after() -> None:
    findings = judge_all(artifacts(troubled(0.0)))
    assert told(findings) == [
        ("regressed", "slow_model", "delivery 2026-03 -> 2026-11"),  # 80 ms of 120 requests
        ("regressed", "n_plus_one", BOOK),  # 20 ms of as many
        ("regressed", "high_cpu", "web"),
        ("regressed", "slow_route", BOOK),
        ("regressed", "slow_route", HOME),
        ("clean", "busy_machine", "machine"),
        ("clean", "error_rate", BOOK),
        ("clean", "error_rate", HOME),
        ("clean", "high_memory", "web"),
        ("clean", "meter_silent", "web"),
        ("clean", "slow_statement", "all statements"),
        ("not_applicable", "cache_misses", ""),
        ("not_applicable", "missing_index", ""),
    ]


def test_on_a_busy_machine_what_rests_on_time_alone_is_void() -> None:
    findings = judge_all(artifacts(troubled(1.2)))
    assert told(findings)[:6] == [
        ("regressed", "slow_model", "delivery 2026-03 -> 2026-11"),
        ("regressed", "n_plus_one", BOOK),
        ("void", "busy_machine", "machine"),
        ("void", "high_cpu", "web"),
        ("void", "slow_route", BOOK),
        ("void", "slow_route", HOME),
    ]
    assert findings[4].reason == (
        "other processes used 0.00 cores before and 1.20 after; 21.8 -> 98.1 ms p95"
    )
    assert findings[4].effect == 76.3


def test_the_audits_that_rest_on_time_alone() -> None:
    timing = [n for n, a in audits.discover().items() if getattr(a, "TIMING", False)]
    assert timing == ["high_cpu", "slow_route", "slow_statement"]


def test_what_was_never_measured_is_not_applicable() -> None:
    findings = judge_all({})
    assert {f.verdict for f in findings} == {"not_applicable"}
    assert [f.audit for f in findings] == list(audits.discover())
    assert findings[0].reason == "nothing was measured by the instrument machine"


def test_one_window_without_data_is_inconclusive() -> None:
    found = artifacts(troubled(0.0))
    del found["machine", "after"], found["statements", "before"], found["statements", "after"]
    verdicts = {f.audit: (f.verdict, f.reason) for f in judge_all(found)}
    assert verdicts["busy_machine"] == (
        "inconclusive",
        "the instrument machine has no data in the window after",
    )
    assert verdicts["n_plus_one"] == (
        "not_applicable",
        "nothing was measured by the instrument statements",
    )
    assert verdicts["slow_route"][0] == "regressed"


def test_a_crash_of_one_audit_stops_nothing_else() -> None:
    found = artifacts(troubled(0.0))
    found["cache", "before"] = found["cache", "after"] = Artifact(
        "cache", "after", "hit ratio", 1, ("wrong",), ((1,),)
    )
    findings = judge_all(found)
    [crash] = [f for f in findings if f.verdict == "error"]
    assert crash == Finding(
        "cache_misses", "", "error", reason="audit cache_misses failed: KeyError: 'family'"
    )
    assert findings.index(crash) == 5  # after what regressed
    others = [f for f in judge_all(artifacts(troubled(0.0))) if f.audit != "cache_misses"]
    assert [f for f in findings if f != crash] == others


def test_the_same_artifacts_give_the_same_findings() -> None:
    found = artifacts(troubled(0.0))
    assert judge_all(found) == judge_all(dict(reversed(found.items())))


def test_a_measured_finding_has_its_interval() -> None:
    shift = Shift(before=10.0, after=40.0, low=26.0, high=34.0, n=12)
    finding = measured("slow_route", "GET /", shift, 25.0, "ms p95", 240)
    assert finding == Finding(
        "slow_route", "GET /", "regressed", 30.0, 26.0, 34.0, "ms p95", 240, "10 -> 40 ms p95"
    )
    assert measured("a", "b", replace(shift, low=25.0), 25, "ms", 1).verdict == "inconclusive"
    assert measured("a", "b", replace(shift, high=25.0, low=1), 25, "ms", 1).verdict == "clean"
    assert measured("a", "b", None, 25.0, "ms", 1).verdict == "inconclusive"


def test_evidence_shows_ten_rows_a_side_and_no_series() -> None:
    rows = tuple((f"r{i:02}", i % 2, (1, 2)) for i in range(30))
    artifact = Artifact("x", "w", "ms", 30, ("route", "odd", "seconds"), rows)
    found = {("x", side): artifact for side in ("before", "after")}
    [shown] = evidence(found, "x", "\nSELECT 1\n", {"odd": 1})
    assert (shown.kind, shown.title, shown.reference) == ("sql", "x", "SELECT 1")
    assert shown.columns == ("side", "route", "odd")
    assert len(shown.rows) == 20
    assert (shown.rows[0], shown.rows[10]) == (("before", "r01", 1), ("after", "r01", 1))
