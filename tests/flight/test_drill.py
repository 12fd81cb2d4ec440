"""The drill's loop over a world without a stack: what is written, refused, and closed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from ground import PACE, SCRIPT, Flying, op
from waiting import PATIENCE

from brownout import history
from brownout.flight.watch import LOOK
from brownout.model import (
    NS,
    BrownoutError,
    MachineError,
    Op,
)
from brownout.report.incident import timeline
from brownout.site.observer import Machine, Seen


@pytest.fixture
def flying(tmp_path: Path) -> Iterator[Flying]:
    made = Flying(tmp_path / "history.jsonl")
    yield made
    made.close()


def test_a_whole_drill_in_order(flying: Flying) -> None:
    drill = flying.until_deployed().drill
    drill.do(op("declare", deployment="D1", cause="n-plus-one", where="x"))
    drill.do(op("rollback", to="v2.7.0"))
    assert drill.do(op("validate", load="both")).value["passed"]
    drill.do(op("resolve", summary="done"))
    assert flying.end() == "resolved"
    told = [
        e.value["name"] if e.name == "phase" else f"{e.name} {e.kind}"
        for e in flying.ground.read()
        if e.name != "ready"
    ]
    assert told == [
        "boot", "baseline", "slo info", "window info", "incident", "deploy invoke", "deploy ok",
        "declare invoke", "declare ok", "rollback invoke", "rollback ok", "validate invoke",
        "validation", "validate ok", "incident", "resolve invoke", "resolve ok", "window info",
        "closed info", "closed", "reveal info", "debrief",
    ]  # fmt: skip


def test_an_invocation_is_on_disk_before_it_acts(flying: Flying) -> None:
    flying.until_deployed()
    performed, seen = flying.ground.performed[0]
    assert performed.name == "deploy"
    assert (seen[-1].kind, seen[-1].name, seen[-1].actor) == ("invoke", "deploy", "director")


def test_the_truth_is_revealed_only_when_closed(flying: Flying) -> None:
    flying.until_deployed()
    assert not any("n-plus-one" in str(e.value) for e in flying.ground.read())
    assert "n-plus-one" not in str(flying.drill.status())
    flying.drill.do(op("resolve"))
    flying.end()
    [reveal] = history.infos(flying.ground.read(), "reveal")
    assert (reveal.value["culprit"], reveal.value["truth"]["cause"]) == ("D1", "n-plus-one")


def test_the_windows_are_the_calm_and_the_bad_time(flying: Flying) -> None:
    flying.until_deployed().drill.do(op("rollback", to="v2.7.0"))
    flying.drill.do(op("resolve"))
    flying.end()
    events = flying.ground.read()
    baseline, incident = (e.value for e in history.infos(events, "window"))
    rollback = next(e for e in events if e.name == "rollback" and e.kind == "invoke")
    served = next(e for e in events if e.name == "deploy" and e.kind == "ok")
    assert baseline["end"] <= incident["start"] == served.value["serving_at"]
    assert incident["end"] == rollback.at


def test_the_pages_that_were_opened_are_promised(flying: Flying) -> None:
    drill = flying.until_deployed().drill
    frozen = history.last_info(flying.ground.read(), "slo")
    assert frozen is not None
    [page] = frozen.value["pages"]
    assert (page["page"], page["lcp_ms"], page["baseline_lcp_ms"]) == ("/", 2700.0, 900.0)
    assert drill.status()["page_slos"] == [{"page": "/", "lcp_ms": 2700.0}]
    assert drill.status()["page_slos"] == [{"page": "/", "lcp_ms": 2700.0}]


def test_an_op_that_fails_is_told_and_the_drill_goes_on(flying: Flying) -> None:
    flying.until_deployed()
    flying.ground.op_error = MachineError("no room left")
    failed = flying.drill.do(op("deploy", ref="v2.6.0"))
    assert (failed.kind, failed.value) == ("fail", {"error": "no room left", "exit_code": 3})
    flying.ground.op_error = None
    assert flying.drill.do(op("deploy", ref="v2.6.0")).value["deployment"] == "D2"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (op("explode"), "unknown op 'explode'; known: ack, declare, say"),
        (op("ack", alert="A9"), "no alert 'A9'; so far: none"),
        (op("ack"), "ack: alert is missing"),
        (op("declare", deployment="D1", cause="none"), "declare: where is missing"),
        (op("say", text=7), "say: text is missing"),
        (op("declare", deployment="D7", cause="none", where="x"), "no deployment 'D7'; so far: D1"),
        (
            op("declare", deployment="D1", cause="slow-mdel", where="x"),
            "no cause 'slow-mdel'; did you mean slow-model",
        ),
    ],
)
def test_what_is_refused(flying: Flying, asked: Op, words: str) -> None:
    flying.until_deployed()
    before = len(flying.drill.events)
    with pytest.raises(BrownoutError, match=words):
        flying.drill.do(asked)
    assert len(flying.drill.events) == before


def test_all_that_fires_is_acknowledged_at_once(flying: Flying) -> None:
    drill = flying.until_deployed().drill
    with pytest.raises(BrownoutError, match="ack all: no alert fires"):
        drill.do(op("ack", alert="all"))
    alert = {"signal": "latency", "subject": "GET /", "value": 90.0, "baseline": 5.0, "unit": "ms"}
    for name in ("A1", "A2"):
        drill.notice("alert", {"id": name, "state": "firing", "text": name, **alert})
    flying.until(lambda: len(history.infos(list(drill.events), "alert")) == 2)
    assert drill.do(op("ack", alert="all")).kind == "ok"
    assert drill.status()["acknowledged"] == ["A1", "A2"]
    [incident] = drill.status()["incidents"]
    assert (incident["alerts"], incident["firing"]) == (["A1", "A2"], 2)
    flying.ground.report(Seen(time.time_ns(), {}, {}))
    flying.until(lambda: history.infos(list(drill.events), "incident"))
    [opened] = history.infos(flying.ground.read(), "incident")
    assert (opened.value["state"], opened.value["id"]) == ("open", "I1")


def test_a_validation_that_began_in_time_ends_and_counts(tmp_path: Path) -> None:
    script = replace(SCRIPT, pace=replace(PACE, limit=1.0))
    flying = Flying(tmp_path / "history.jsonl", script)
    flying.until_deployed()
    flying.ground.hold.clear()
    answer = flying.drill.submit(op("validate", load="both"))
    flying.until(lambda: history.infos(list(flying.drill.events), "time"))
    with pytest.raises(BrownoutError, match="rollback: time is up; the validation that began"):
        flying.drill.do(op("rollback"))
    assert flying.drill.do(op("say", text="nearly")).kind == "ok"
    flying.ground.hold.set()
    assert answer.result(timeout=PATIENCE).value["passed"]
    assert flying.end() == "time is up"
    flying.close()


def test_an_op_in_the_wrong_phase_is_refused(flying: Flying) -> None:
    flying.start()
    flying.until(lambda: history.phase(list(flying.drill.events)) == "baseline")
    with pytest.raises(BrownoutError, match="rollback is not possible in phase baseline"):
        flying.drill.do(op("rollback"))
    assert flying.drill.do(op("say", text="hello")).kind == "ok"


def test_after_the_end_ops_are_refused(flying: Flying) -> None:
    flying.until_deployed().drill.do(op("resolve"))
    flying.end()
    with pytest.raises(BrownoutError, match="the drill has ended"):
        flying.drill.do(op("say", text="late"))


def test_an_interrupt_closes_while_an_op_is_under_way(flying: Flying) -> None:
    flying.until_deployed()
    flying.ground.hold.clear()
    flying.drill.submit(op("rollback", to="v2.7.0"))
    flying.until(lambda: len(flying.ground.performed) == 2)
    flying.drill.interrupt()
    assert flying.end() == "interrupted"
    flying.ground.hold.set()
    events = flying.ground.read()
    assert history.infos(events, "closed")[0].value["reason"] == "interrupted"
    # What became of the op nobody knows, and the history does not guess.
    assert [c for i, c in history.pair(events) if i.name == "rollback"] == [None]


def test_who_waits_at_the_end_is_told(flying: Flying) -> None:
    flying.until_deployed()
    flying.ground.hold.clear()
    under_way, queued = (flying.drill.submit(op("rollback", to="v2.7.0")) for _ in range(2))
    flying.until(lambda: len(flying.ground.performed) == 2)
    flying.drill.interrupt()
    flying.end()
    for answer in (under_way, queued):
        with pytest.raises(BrownoutError, match="the drill has ended"):
            answer.result(timeout=PATIENCE)
    flying.ground.hold.set()


def test_any_text_can_be_said(flying: Flying) -> None:
    flying.until_deployed()
    flying.drill.do(op("say", text="\ud800 ünïcode, a \udcff and \ud83d\ude00"))
    said = flying.ground.read()[-2].value["text"]
    assert (
        said == flying.drill.events[-2].value["text"] == "\ufffd ünïcode, a \ufffd and \U0001f600"
    )


def test_an_answer_that_cannot_be_told_fails_and_the_drill_goes_on(flying: Flying) -> None:
    flying.until_deployed()
    flying.ground.answer = {"rows": [[float("nan")]]}
    failed = flying.drill.do(op("sql", text="SELECT 'NaN'::float8"))
    assert (failed.kind, failed.value["error"]) == (
        "fail",
        "it was done, and its answer cannot be told: nan is no number of JSON; send it as text",
    )
    assert flying.drill.do(op("say", text="hello")).kind == "ok"


def test_a_boot_that_fails_ends_the_drill(flying: Flying) -> None:
    flying.ground.boot_error = MachineError("no free port\nsecond line")
    assert str(flying.start().end()).startswith("no free port")
    [closed] = history.infos(flying.ground.read(), "closed")
    assert closed.value["reason"] == "failed: no free port"


@pytest.mark.parametrize(
    ("latency", "calibrated", "words"),
    [
        (1_000_000_000, {}, "GET /: p95 1000 ms of 180 ms, 0.0% errors of 1.0%, "),
        # Within three times what is declared, and yet beyond what was calibrated.
        (170_000_000, {"GET /": 30.0}, "GET /: p95 170 ms of 90 ms, 0.0% errors of 1.0%, "),
    ],
)
def test_a_first_look_ends_a_drill_that_the_machine_cannot_carry(
    tmp_path: Path, latency: int, calibrated: Mapping[str, float], words: str
) -> None:
    pace = replace(PACE, baseline=60)
    flying = Flying(tmp_path / "history.jsonl", replace(SCRIPT, pace=pace), calibrated)
    flying.ground.latency = latency
    flying.start()
    flying.until(lambda: history.phase(list(flying.drill.events)) == "baseline")
    began = time.time_ns()
    for second in range(LOOK):
        flying.ground.report(Seen(began + (second - 3) * NS, {}, {}))
    error = flying.end()
    assert isinstance(error, MachineError) and error.exit_code == 3
    assert words in str(error)
    events = flying.ground.read()
    assert history.last_info(events, "slo") is None  # long before the baseline's end
    [closed] = history.infos(events, "closed")
    assert closed.value["reason"] == f"failed: {error}"
    flying.close()


def test_hints_are_given_one_by_one_once_something_was_deployed(tmp_path: Path) -> None:
    pace = replace(PACE, deploy_after=(1, 1))
    script = replace(SCRIPT, pace=pace, hints=("a signal", "a place"))
    flying = Flying(tmp_path / "history.jsonl", script).start()
    flying.until(lambda: history.phase(list(flying.drill.events)) == "incident")
    with pytest.raises(BrownoutError, match="nothing has been put live yet; wait"):
        flying.drill.do(op("hint"))
    flying.until(lambda: history.completed(list(flying.drill.events), "deploy"))
    given = [flying.drill.do(op("hint")) for _ in range(2)]
    assert [(e.kind, e.actor, dict(e.value)) for e in given] == [
        ("ok", "player", {"hint": "a signal", "number": 1, "of": 2}),
        ("ok", "player", {"hint": "a place", "number": 2, "of": 2}),
    ]
    with pytest.raises(BrownoutError, match="hint: all 2 have been given"):
        flying.drill.do(op("hint"))
    assert [e["what"] for e in timeline(list(flying.drill.events))][-2:] == [
        "hint 1 of 2: a signal",
        "hint 2 of 2: a place",
    ]
    flying.close()


def test_a_scenario_without_hints_says_so(flying: Flying) -> None:
    flying.until_deployed()
    with pytest.raises(BrownoutError, match="hint: this scenario has none"):
        flying.drill.do(op("hint"))


def test_the_status_says_that_it_will_not_be_scored_and_who_is_busy(tmp_path: Path) -> None:
    script = replace(SCRIPT, pace=replace(PACE, baseline=60))
    flying = Flying(tmp_path / "history.jsonl", script).start()
    flying.until(lambda: history.phase(list(flying.drill.events)) == "baseline")
    assert flying.drill.status()["scoring"]["scored"] is None
    machine = Machine(time.time_ns(), 1.5, (("node", 1.25),))
    flying.ground.report(Seen(time.time_ns(), {}, {}, {}, machine))
    flying.until(lambda: flying.drill.status()["scoring"]["scored"] is False)
    assert flying.drill.status()["scoring"]["others"] == [["node", 1.25]]
    flying.close()


def test_practice_goes_on_where_a_drill_would_be_refused(tmp_path: Path) -> None:
    flying = Flying(tmp_path / "history.jsonl", practice=True)
    flying.ground.latency = 1_000_000_000
    flying.until_deployed().drill.do(op("resolve"))
    assert flying.end() == "resolved"
    frozen = history.last_info(flying.ground.read(), "slo")
    assert frozen is not None
    assert [row["p95_ms"] for row in frozen.value["routes"]] == [3000.0]
    assert "of GET /: p95 1000 ms of 180 ms" in frozen.value["warning"]
    flying.close()


def test_a_process_that_dies_is_an_event(flying: Flying) -> None:
    flying.until_deployed().drill.notice("process", {"name": "ai", "state": "exited"})
    flying.until(lambda: history.infos(list(flying.drill.events), "process"))
