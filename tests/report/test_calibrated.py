"""A drill on a calibrated machine: what was calibrated is what validation, score and debrief use.

The route is declared at 50 ms and was calibrated at 30 ms, so that 90 ms are promised; the calm
window alone (21.8 ms) would promise 65.4 ms.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from histories import TRUTH, Story
from recordings import MemoryRecording, at, traffic

from brownout.flight import calm
from brownout.model import Debrief, Promise, Window
from brownout.report import promises
from brownout.report.debrief import debrief

ROUTE = "GET /api/books/{id}/"
DECLARED = {ROUTE: (50.0, 0.01)}
CALM = Window(at(0), at(30))


def recording(bad: float, after: float) -> MemoryRecording:
    """Calm at 20 ms; from the change at 40 s to the rollback at 75 s, and after it (ms)."""
    made = MemoryRecording({"baseline": (0, 30), "incident": (40, 75)})
    for start, end, latency in ((0, 40, 20.0), (40, 75, bad), (75, 150, after)):
        traffic(made, start, end, latency)
    return made


def flown(made: MemoryRecording, calibrated: Mapping[str, float]) -> Debrief:
    """The debrief of a drill whose history is as the loop and the validation write it."""
    frozen = calm.freeze(made, CALM, [], DECLARED, calibrated)
    day = "2026-11-24" if calibrated else None
    story = Story(workload={"normal": 5.0, "peak": 11.0}, calibrated=day)
    story.info(30, "slo", routes=frozen.routes, pages=[]).info(30, "phase", name="incident")
    story.change(40, 1, "v2.8.0", "v2.7.0").declare(52, "D1", TRUTH["cause"], TRUTH["where"][0])
    story.change(75, 2, "v2.7.0", "v2.8.0", by="player")
    window = Window(at(80), at(110))
    rows = [{"load": "peak", **row} for row in promises.check(made, frozen.slos, window)]
    value = {
        "passed": all(row["ok"] for row in rows), "load": "both", "slos": rows, "pages": [],
        "functional": {"passed": True, "total": 16, "failures": []},
        "golden": {"passed": True, "metrics": []},
    }  # fmt: skip
    return debrief(story.op(120, "validate", {"load": "both"}, value).close(140).events, made, [])


KNOWN = {ROUTE: 30.0}


@pytest.mark.parametrize(("calibrated", "promised"), [(KNOWN, 90.0), ({}, 65.4)])
def test_the_promise_is_three_times_what_was_calibrated(
    calibrated: Mapping[str, float], promised: float
) -> None:
    made = flown(recording(bad=200, after=20), calibrated)
    assert made.slos == (Promise(ROUTE, promised, 0.01),)
    [row] = made.validation["slos"]
    assert (row["limit_ms"], row["ok"]) == (promised, True)
    assert made.score.points > 90


@pytest.mark.parametrize(("calibrated", "passes"), [(KNOWN, True), ({}, False)])
def test_a_validation_is_judged_by_it(calibrated: Mapping[str, float], passes: bool) -> None:
    """Between the two promises after the rollback: 70 to 76.3 ms."""
    made = flown(recording(bad=200, after=70), calibrated)
    assert made.validation["passed"] is passes
    points = {c.name: c.points for c in made.score.criteria}
    assert (points["validation"], points["resolution"]) == ((15, 10) if passes else (0, 5))
    # Nor do the SLOs hold again, without it.
    assert (made.times["mitigated"] is not None) is passes


def test_whether_a_fault_bites_is_judged_by_it() -> None:
    made = recording(bad=70, after=20)
    assert (
        flown(made, KNOWN).score.void == "the fault did not bite in this flight: no SLO was broken"
    )
    assert flown(made, {}).score.void == ""


def test_the_postmortem_says_what_the_promises_rest_on() -> None:
    made = recording(bad=200, after=20)
    text = "At 5 journeys/s, 11 at peak; where more than is declared, a route's p95 is 3 times "
    assert f"{text}what was calibrated on 2026-11-24." in flown(made, KNOWN).postmortem
    assert f"{text}that of the calm window." in flown(made, {}).postmortem
