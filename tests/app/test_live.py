"""The live view: its charts, its advice, and its lines on a terminal and elsewhere."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from histories import Story, flown
from rich.console import Console

from brownout.app import show
from brownout.app.live import Cockpit, View, advice, line

COCKPIT = Cockpit(".venv/bin/brownout", Path("runs/one"))
RELEASE = {
    "deployment": "D1", "kind": "release", "ref": "v2.8.0", "previous": "v2.7.0", "t": 40.0,
    "actor": "director",
}  # fmt: skip
MODEL = {**RELEASE, "deployment": "D2", "kind": "model", "ref": "delivery=2026-11"}
MODEL["previous"] = "delivery=2026-09"


def board(**changes: Any) -> dict[str, Any]:
    route = {"per_second": 2.0, "p95_ms": 90.0, "error_rate": 0.25}
    return {
        "phase": "incident",
        "t": 50.0,
        "slos": [{"route": "GET /", "p95_ms": 60.0, "error_rate": 0.01}],
        "page_slos": [],
        "alerts": [],
        "incidents": [],
        "acknowledged": [],
        "deployments": [],
        "events": [],
        "routes": {"GET /": route},
        "pages": {},
        "services": {"web": {"cores": 0.5, "megabytes": 200.0}},
        **changes,
    }


def test_advice_is_made_of_whole_commands() -> None:
    alerts = [
        {"id": i, "state": s} for i, s in (("A1", "firing"), ("A2", "firing"), ("A3", "resolved"))
    ]
    told = advice(board(alerts=alerts, acknowledged=["A2"], deployments=[RELEASE]), COCKPIT)
    assert told[0] == ".venv/bin/brownout ack all --as bridge"
    known = advice(board(alerts=alerts, acknowledged=["A1", "A2"], deployments=[RELEASE]), COCKPIT)
    assert not any("ack" in text.split() for text in known)
    assert "git -C runs/one/shop.git diff v2.7.0 v2.8.0" in told
    assert ".venv/bin/brownout measure statements" in told
    declared = "declare --deployment D1 --cause CAUSE --where FILE --as bridge"
    assert f".venv/bin/brownout {declared}" in told
    assert told[-3:] == [
        ".venv/bin/brownout rollback v2.7.0 --as bridge",
        ".venv/bin/brownout validate --load both --as qa",
        ".venv/bin/brownout resolve --as bridge",
    ]


def test_after_a_model_rollout_the_model_can_go_back() -> None:
    told = advice(board(deployments=[RELEASE, MODEL]), COCKPIT)
    assert ".venv/bin/brownout set-model delivery 2026-09 --as ai" in told


def test_a_run_folder_of_ones_own_is_named_in_every_command() -> None:
    chosen = Cockpit("brownout", Path("/tmp/mine"), chosen=True)
    told = advice(board(deployments=[RELEASE]), chosen)
    assert "brownout resolve --as bridge --run /tmp/mine" in told


def test_what_a_player_put_live_is_not_to_be_undone() -> None:
    back = {**RELEASE, "deployment": "D2", "ref": "v2.7.0", "previous": "v2.8.0", "actor": "player"}
    told = advice(board(deployments=[RELEASE, back]), COCKPIT)
    assert not any("rollback" in text for text in told)
    assert any("declare --deployment D1" in text for text in told)


def test_calm_time_asks_for_a_second_terminal() -> None:
    assert "second terminal" in advice(board(phase="baseline"), COCKPIT)[0]


def test_without_a_terminal_each_event_is_a_line() -> None:
    out = io.StringIO()
    view = View(Console(file=out, width=60), COCKPIT)
    for event in flown().events:
        view.event(event)
    view.draw(board())
    lines = out.getvalue().splitlines()
    assert "   48.0 s  A1 latency" in lines
    assert "  130.0 s  closed: resolved" in lines
    assert not any("One query per review" in text for text in lines)


def test_on_a_terminal_the_board_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = io.StringIO()
    view = View(Console(file=out, width=100, height=50, force_terminal=True), COCKPIT)
    view.say("starting the shop")
    view.draw(board(phase="boot"))
    assert out.getvalue() == "           starting the shop\n"  # it stays where the boot fails
    view.event(Story().info(20, "ready", urls={}, release="v2.7.0").events[-1])
    for _ in range(3):
        view.draw(board(deployments=[RELEASE]))
    view.stop()
    text = out.getvalue()
    assert text.count("\x1b[?1049h") == 1
    assert text.endswith("\x1b[?1049l")  # nothing of it is left on the screen
    view.draw(board())
    assert out.getvalue() == text
    for word in ("incident", "GET /", "90", "60", "25.0%", "over", "web", "0.50", "resolve"):
        assert word in text


def told(what: Any) -> list[str]:
    """The lines that are printed."""
    out = io.StringIO()
    Console(file=out, width=100).print(what)
    return [" ".join(text.split()) for text in out.getvalue().splitlines()]


def test_the_board_says_whether_it_will_be_scored() -> None:
    assert "will be scored" in told(show.board(board(scored="will be scored")))


def test_pages_are_on_the_board_where_a_browser_opens_some() -> None:
    assert show.pages(board()) == []
    limits = [{"page": page, "lcp_ms": 2500.0} for page in ("/", "/books/{id}", "/cart")]
    seen = {"/": 412.3, "/books/{id}": None, "/cart": 2501.0, "/search": 300.0}
    lines = told(show.board(board(page_slos=limits, pages=seen)))
    for row in ("/ 412 2500 ok", "/books/{id} failed 2500 over", "/cart 2501 2500 over"):
        assert row in lines
    assert "/search 300 -" in lines


def test_an_incident_is_one_line_on_the_board() -> None:
    found = {"alerts": ["A1", "A2"], "firing": 1, "text": "2 alerts since 41 s: first p95 of GET /"}
    [line] = show.incidents(board(incidents=[found], acknowledged=["A2"]))
    assert line.plain == f"{found['text']} (1 firing, 1 not acknowledged)"
    assert [text.plain for text in show.incidents(board())] == ["no alerts"]


def test_a_validation_tells_of_pages_or_that_none_was_looked_at() -> None:
    value = {
        "passed": False, "slos": [], "functional": {"total": 16, "failures": []},
        "golden": {"metrics": []},
    }  # fmt: skip
    assert "pages: not looked at (no real browser opened any)" in told(show.validation(value))
    row = {"load": "peak", "page": "/", "limit_ms": 2500.0, "n": 2}
    rows = [{**row, "lcp_ms": 2600.4, "ok": False}, {**row, "lcp_ms": None, "ok": False}]
    lines = told(show.validation({**value, "pages": rows}))
    assert {"peak / 2600 2500 2 broken", "peak / failed 2500 2 broken"} <= set(lines)
    assert not any("not looked at" in text for text in lines)


def test_what_users_write_is_no_markup() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(show.table("", ("a",), [("[/x] [red]",)]))
    assert "[/x] [red]" in out.getvalue()


def test_an_op_is_told_with_who_did_it() -> None:
    assert [line(e) for e in flown().events if e.name == "rollback"] == [
        "   55.0 s  player/bridge rollback … ref v2.7.0",
        "   55.0 s  player/bridge rollback done deployment D2, kind release, ref v2.7.0, "
        "previous v2.8.0",
    ]
