"""The whole debrief of a literal drill, and its two files."""

from __future__ import annotations

import json

import pytest
from histories import Story, flown
from recordings import MemoryRecording, traffic

from brownout.model import Finding
from brownout.report.debrief import debrief, to_json

REGRESSED = Finding(
    "n_plus_one", "GET /api/books/{id}/", "regressed", 70.0, 60.0, 80.0, "ms/request", 60,
    "one statement ran 1.0 times per request, now 51.0", "n-plus-one", "reviews/queries.py:12",
)  # fmt: skip


def recording() -> MemoryRecording:
    made = MemoryRecording({"baseline": (0, 30), "incident": (40, 55)})
    for start, end, latency in ((0, 40, 20.0), (40, 56, 90.0), (56, 140, 20.0)):
        traffic(made, start, end, latency)
    return made


def test_it_has_every_field_that_scripts_read() -> None:
    made = json.loads(to_json(debrief(flown().events, recording(), [REGRESSED])))
    assert set(made) >= {
        "scenario", "seed", "versions", "slos", "pages", "times", "diagnosis", "findings",
        "attribution", "impact", "validation", "score", "timeline",
    }  # fmt: skip
    assert made["scenario"] == "x"
    assert made["versions"] == {"brownout": "0.1.0", "python": "3.11.2"}
    assert made["diagnosis"]["correct"] is True
    assert made["diagnosis"]["truth"]["deployment"] == "D1"
    assert made["score"]["points"] == 100
    assert made["validation"]["functional"]["total"] == 16
    assert made["times"]["mitigated"] == 15.0


def test_the_impact_counts_what_users_felt() -> None:
    impact = debrief(flown().events, recording(), []).impact
    # From 40 s to 55 s four requests a second, all of them slow; 6% of 60 may be.
    assert impact == {
        "seconds": 15.0,
        "requests": 60,
        "failed": 0,
        "requests_over_slo": 60,
        "error_budget_burnt": 16.667,
        "routes": [
            {
                "route": "GET /api/books/{id}/",
                "requests": 60,
                "failed": 0,
                "over_slo": 60,
                "budget_burnt": 16.667,
            }
        ],
    }


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("test_x (tests.A.test_x): AssertionError: 1 != 2", True),
        ("test_x (tests.A.test_x)", False),  # an older history
    ],
)
def test_a_failed_test_is_told_with_its_assertion(failure: str, told: bool) -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").validate(50, tests=False)
    story.events[-1].value["functional"]["failures"][:] = [failure]
    text = debrief(story.close(60).events, recording(), []).postmortem
    assert (f"\n- {failure}\n" in text) is told


def test_the_same_drill_gives_the_same_bytes() -> None:
    one, two = (debrief(flown().events, recording(), [REGRESSED]) for _ in range(2))
    assert to_json(one) == to_json(two)
    assert one.postmortem == two.postmortem


def test_the_postmortem_tells_what_happened() -> None:
    text = debrief(flown().events, recording(), [REGRESSED]).postmortem
    for line in (
        "# Postmortem: One query per review",
        "Score: 100 of 100.",
        "In 15 s users made 60 requests; 60 were slower than promised or failed (0 failed).",
        "Declared: n-plus-one, deployment D1, in reviews/queries.py:12 "
        "(deployment right, cause right, where right).",
        "- mitigated: 15",
        "- rollback of v2.7.0 by player",
        "- n_plus_one regressed: GET /api/books/{id}/ +70 ms/request [+60, +80], n 60; ",
        "- Guard: A test.",
        "| 55.0 | player/bridge | D2: rollback v2.7.0 (before: v2.8.0) | ",
    ):
        assert line in text


def test_the_postmortem_tells_of_pages_or_that_none_was_looked_at() -> None:
    assert "- pages were not looked at" in debrief(flown().events, recording(), []).postmortem
    promised = [{"page": "/", "lcp_ms": 2500.0, "baseline_lcp_ms": 400.0, "n": 4}]
    rows = [
        {"load": "normal", "page": "/", "lcp_ms": 412.3, "limit_ms": 2500.0, "n": 2, "ok": True},
        {"load": "peak", "page": "/", "lcp_ms": 2600.0, "limit_ms": 2500.0, "n": 1, "ok": False},
    ]
    value = {
        "passed": False, "load": "both", "slos": [], "pages": rows,
        "functional": {"passed": True, "total": 16, "failures": []},
        "golden": {"passed": True, "metrics": []},
    }  # fmt: skip
    story = Story().incident(30).info(30, "slo", routes=[], pages=promised)
    made = debrief(story.op(120, "validate", {"load": "both"}, value).events, recording(), [])
    assert json.loads(to_json(made))["pages"] == [{"page": "/", "lcp_ms": 2500.0}]
    for line in (
        "- page /: LCP 412 ms of 2500 ms, 2 visits at normal load, ok",
        "- page /: LCP 2600 ms of 2500 ms, 1 visit at peak load, broken",
        "| / | 2500 ms |",
    ):
        assert line in made.postmortem
    assert "not looked at" not in made.postmortem


def test_a_drill_that_broke_off_is_told_without_its_truth() -> None:
    made = debrief(flown().events[:9], recording(), [])
    assert made.scenario == ""
    assert made.diagnosis["truth"] is None
    assert made.score.void == "the drill was not flown to its end"
    assert "it was not closed" in made.postmortem


def test_a_drill_that_died_in_its_boot_is_told() -> None:
    made = debrief(Story().events, MemoryRecording({}), [])
    assert set(made.times.values()) == {None}
    assert json.loads(to_json(made))["impact"]["requests"] == 0
