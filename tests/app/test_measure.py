"""``brownout measure``: an instrument's figures in two windows of a drill, as table and as JSON."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from histories import Story, flown, stored
from recordings import MemoryRecording, at, family, ms, statement, traffic

from brownout import instruments, store
from brownout.app import cli, windows
from brownout.model import BrownoutError, Window

OLD = Path(__file__).parents[1] / "recording" / "old_recordings"
ROUTE = "GET /api/books/{id}/"
WHOLE = Window(at(0), at(140))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr); stderr never holds a traceback."""
    code = cli.run(["measure", *argv])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, " ".join(err.split())


def kept(folder: Path, story: Story | None) -> Path:
    """A run folder: transactions of 5 ms until 40 s, of 105 ms until 56 s, 5 ms again."""
    folder.mkdir(parents=True)
    if story:
        stored(story, folder / "history.jsonl")
    recording = MemoryRecording({}, str(folder / "telemetry.duckdb"))
    for start, end, opened in ((0, 40, 5), (40, 56, 105), (56, 140, 5)):
        sql = [statement(1, opened / 5, "UPDATE book", "books/views.py:3") | {"in_transaction": 1}]
        changes = {"tx_time": ms(opened), "lock_time": ms(opened - 1), "tx_count": 1, "sql": sql}
        traffic(recording, start, end, opened + 20.0, **changes)
    recording.close()
    return folder


# Windows


def test_the_windows_of_a_drill_that_is_over() -> None:
    events = flown().info(131, "window", name="incident", start=at(40), end=at(55)).events
    assert windows.known(events, WHOLE) == {
        "baseline": Window(at(0), at(30)),
        "incident": Window(at(40), at(55)),
        "since baseline": Window(at(30), at(140)),
        "D1": Window(at(40), at(55)),
        "D2": Window(at(55), at(140)),
        "all": WHOLE,
    }
    assert windows.defaults(events, WHOLE) == ("baseline", "incident")


def test_while_it_flies_the_newest_deployment_is_told() -> None:
    story = Story()
    assert windows.defaults(story.events, WHOLE) == ("", "all")
    story.incident(30)
    assert windows.defaults(story.events, WHOLE) == ("baseline", "since baseline")
    story.change(40, 1, "v2.8.0", "v2.7.0")
    assert windows.defaults(story.events, WHOLE) == ("baseline", "D1")
    story.change(55, 2, "v2.7.0", "v2.8.0", by="player")
    assert windows.defaults(story.events, WHOLE) == ("baseline", "D2")


def test_times_of_the_day_are_those_of_the_recording() -> None:
    # Literal recordings begin at 22:13:20; this one goes on past midnight.
    night = Window(at(0), at(3 * 3600))
    assert windows.named("22:13:30-22:14:00", (), night) == Window(at(10), at(40))
    assert windows.named("23:59:59-00:00:01", (), night) == Window(at(6399), at(6401))
    assert windows.named("0:30:00-00:31:00", (), night) == Window(at(8200), at(8260))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("D9", "there is no window 'D9'; known: baseline, since baseline, D1, all, or times as"),
        ("22:13:30", "there is no window '22:13:30'; known: "),
        ("22:14:00-22:13:30", "the window '22:14:00-22:13:30' ends before it begins"),
        ("22:13:61-22:14:00", "'22:13:61-22:14:00': no time of the day"),
        ("12:00:00-13:00:00", "is not in the recording (22:13:20-22:15:40, UTC)"),
    ],
)
def test_a_window_that_is_none(text: str, words: str) -> None:
    events = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").events
    with pytest.raises(BrownoutError) as caught:
        windows.named(text, events, WHOLE)
    assert words in str(caught.value)


def test_a_deployment_of_this_moment_has_no_time_yet() -> None:
    events = Story().incident(30).change(140, 1, "v2.8.0", "v2.7.0").events
    with pytest.raises(BrownoutError, match="'D1' has no time in it yet; ask again"):
        windows.named("D1", events, WHOLE)


# The command


def test_what_changed_is_told_in_json(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = kept(elsewhere / ".brownout" / "runs" / "one", flown())
    code, out, _ = run(capsys, "transactions", "--after", "D1", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["instrument"], told["unit"], told["notes"]) == ("transactions", "ms", [])
    assert Path(told["run"]).samefile(folder)
    before, after = told["windows"]["before"], told["windows"]["after"]
    assert (before["name"], before["seconds"], before["n"]) == ("baseline", 30, 120)
    assert (after["name"], after["start"], after["end"]) == ("D1", at(40), at(55))
    own, within = told["tables"]
    [row] = own["rows"]
    assert row["route"] == ROUTE
    assert (row["before"]["open_p95"], row["after"]["open_p95"]) == (5.0, 105.0)
    assert row["change"]["locked_ms_per_request"] == 100.0
    assert "requests" not in row["change"]  # the windows differ in length
    [row] = within["rows"]
    assert (row["what"], row["caller"], row["locks"]) == ("UPDATE book", "books/views.py:3", True)
    assert row["change"] == {"calls_per_request": 0.0, "ms_per_request": 20.0}


def test_what_changed_is_told_in_a_table(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(elsewhere / "one", flown())
    code, out, _ = run(capsys, "transactions", "--after", "D1", "--run", "one")
    assert code == 0
    assert out == TABLE


TABLE = """\
before: baseline, 30 s, n 120; after: D1, 15 s, n 60

transactions (ms)
                                       open              calling            locked
                      transactions       ms                   ms                ms
                               per      per  open  open      per  calling      per  locked
            requests       request  request   p50   p95  request      p95  request     p95
GET /api/books/{id}/
  baseline       120             1        5     5     5        0        0        4       4
  D1              60             1      105   105   105        0        0      104     104
  change                        +0     +100  +100  +100       +0       +0     +100    +100

within
              calls       ms
                per      per
            request  request
GET /api/books/{id}/ | sql | UPDATE book | books/views.py:3 | locks
  baseline        1        1
  D1              1       21
  change         +0      +20

"""


def test_a_recording_without_a_history_is_told_as_a_whole(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(elsewhere / "up", None)
    code, out, _ = run(capsys, "transactions", "--run", "up", "--json")
    told = json.loads(out)
    assert (code, told["windows"].keys()) == (0, {"after"})
    assert told["windows"]["after"]["n"] == 560
    assert "change" not in told["tables"][0]["rows"][0]
    assert told["notes"] == [
        "no baseline is known here to compare with: name a window with --before"
    ]
    (elsewhere / "up" / store.RECORDING).rename("mine.duckdb")
    argv = ["--before", "22:13:20-22:14:00", "--after", "22:14:00-22:14:16"]
    code, out, _ = run(capsys, "transactions", "--run", "mine.duckdb", *argv, "--json")
    [row] = json.loads(out)["tables"][0]["rows"]
    assert (code, row["change"]["open_p50"]) == (0, 100.0)


@pytest.mark.parametrize("name", instruments.discover())
def test_each_instrument_can_be_shown(
    name: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(elsewhere / "one", flown())
    code, out, _ = run(capsys, name, "--run", "one", "--top", "1")
    assert code == (0 if name in TOLD else 1)
    assert (name in TOLD) == ("nothing was measured in the window" not in out)
    code, out, _ = run(capsys, name, "--run", "one", "--json")
    [own, *_] = json.loads(out)["tables"]
    assert bool(own["rows"]) == (name in TOLD)
    assert code == (0 if name in TOLD else 1)


TOLD = ("coverage", "latency", "statements", "throughput", "transactions")
"""Instruments that find something in ``kept``."""


def test_rows_beyond_the_top_are_counted(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = kept(elsewhere / "one", flown())
    recording = MemoryRecording({}, str(folder / "telemetry.duckdb"))
    traffic(recording, 0, 30, 9.0, route="GET /other/", tx_time=ms(1))
    recording.close()
    _, out, _ = run(capsys, "transactions", "--run", "one", "--after", "D1", "--top", "1")
    assert "and 1 more (--top)" in out and ROUTE in out and "GET /other/" not in out
    _, out, _ = run(capsys, "transactions", "--run", "one", "--after", "D1", "--json")
    rows = json.loads(out)["tables"][0]["rows"]
    assert [(r["route"], r["after"] is None, r["change"] is None) for r in rows] == [
        (ROUTE, False, False), ("GET /other/", True, True),
    ]  # fmt: skip


def asked(recording: MemoryRecording, start: int, route: str, n: int, *sql: dict[str, Any]) -> None:
    """``n`` requests from that second on, each with these statements in a transaction."""
    inside = [{**entry, "in_transaction": 1} for entry in sql]
    row = {"route": route, "duration": ms(9), "tx_time": ms(8), "tx_count": 1, "sql": inside}
    recording.insert(
        "work", [row | {"trace_id": f"{route}{start}{i}", "start": at(start)} for i in range(n)]
    )


def test_a_statement_is_followed_when_its_line_moves(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = kept(elsewhere / "one", flown())
    recording = MemoryRecording({}, str(folder / store.RECORDING))
    lines = {
        1: ("a.py:3", "b.py:5", "c.py:8", "d.py:1"),
        41: ("a.py:4", "b.py:6", "b.py:7", "e.py:1"),
    }
    for start, callers in lines.items():
        shapes = ("UPDATE a", "UPDATE b", "UPDATE b", "UPDATE e")
        told = [statement(1, start, s, c) for s, c in zip(shapes, callers, strict=True)]
        asked(recording, start, "POST /x/", 4, *told)
    recording.close()
    _, out, _ = run(capsys, "transactions", "--run", "one", "--after", "D1", "--json")
    rows = [r for r in json.loads(out)["tables"][1]["rows"] if r["route"] == "POST /x/"]
    found = {(r["caller"], r.get("caller_before"), r["change"] is None) for r in rows}
    assert found == {
        ("a.py:4", "a.py:3", False),
        # Two lines of the file ask for it now: it could be either.
        ("b.py:5", None, True), ("b.py:6", None, True), ("b.py:7", None, True),
        ("c.py:8", None, True), ("d.py:1", None, True), ("e.py:1", None, True),
    }  # fmt: skip
    _, out, _ = run(capsys, "transactions", "--run", "one", "--after", "D1")
    assert "POST /x/ | sql | UPDATE a | a.py:4 (before: a.py:3) | locks" in out


def test_what_many_requests_pay_comes_first(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = kept(elsewhere / "one", flown())
    recording = MemoryRecording({}, str(folder / store.RECORDING))
    asked(recording, 41, "POST /rare/", 1, statement(1, 300, "UPDATE rare"))
    asked(recording, 41, "POST /often/", 50, statement(1, 200, "UPDATE often"))
    recording.close()
    _, out, _ = run(capsys, "transactions", "--run", "one", "--after", "D1", "--json")
    rows = json.loads(out)["tables"][1]["rows"]
    assert [row["what"] for row in rows] == ["UPDATE often", "UPDATE book", "UPDATE rare"]


def test_an_index_that_is_gone_comes_first(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = kept(elsewhere / "one", flown())
    recording = MemoryRecording({}, str(folder / store.RECORDING))
    for second, scans in ((10, {"kept": 5, "gone": 1}), (42, {"kept": 9000, "made": 0})):
        moment = {"ts": at(second), "relation": "book"}
        recording.insert("relations", [moment | {"seq_scans": 1, "seq_rows": 1}])
        names = [{"name": n, "definition": f"ON {n}", "scans": s} for n, s in scans.items()]
        recording.insert("indexes", [moment | index for index in names])
    recording.close()
    _, out, _ = run(capsys, "relations", "--run", "one", "--after", "D1", "--json")
    rows = json.loads(out)["tables"][1]["rows"]
    assert [row["name"] for row in rows] == ["gone", "made", "kept"]


def test_a_hit_ratio_that_fell_comes_before_keys_that_are_new(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = kept(elsewhere / "one", flown())
    recording = MemoryRecording({}, str(folder / store.RECORDING))
    traffic(recording, 10, 20, 9.0, route="GET /x/", cache=[family(4, 3, "fell"), family(4, 4)])
    traffic(
        recording, 41, 51, 9.0, route="GET /x/", cache=[family(4, 2, "fell"), family(4, 4, "n")]
    )
    recording.close()
    _, out, _ = run(capsys, "cache", "--run", "one", "--after", "D1", "--json")
    rows = json.loads(out)["tables"][0]["rows"]
    assert [row["family"] for row in rows] == ["fell", "n", "similar:*"]


def test_the_depth_of_a_queue_is_drawn(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = kept(elsewhere / "one", flown())
    recording = MemoryRecording({}, str(folder / "telemetry.duckdb"))
    row = {"name": "queue.depth", "attributes": {"queue": "mail"}}
    recording.insert("metrics", [row | {"ts": at(i), "value": i - 40} for i in range(40, 44)])
    queued = [{"task": "send", "queue": "mail", "count": 1}]
    traffic(recording, 40, 44, 9.0, route="POST /x/", queued=queued)
    recording.close()
    code, out, _ = run(capsys, "queues", "--run", "one", "--after", "22:14:00-22:14:04")
    assert code == 0
    told = " ".join(out.split())
    assert "mail | send baseline - -" in told
    assert "22:14:00-22:14:04 16 0.5 0 0 - - - - 1.5 3 ▁▃▆█" in told


def test_the_instruments_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--json")
    assert code == 0
    assert [row["instrument"] for row in json.loads(out)] == list(instruments.discover())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["latencies"], "no instrument 'latencies'; known: ai_calls, cache, "),
        (["latency"], "no runs in .brownout/runs; fly one with: brownout drill"),
        (["latency", "--run", "yesterday"], "no run 'yesterday' here; known: none"),
        (["latency", "--run", "one", "--top", "0"], "--top 0: a positive number is wanted"),
        (["latency", "--run", "one", "--after", "D7"], "there is no window 'D7'; known: baseline,"),
        (["latency", "--run", "none.duckdb"], "no run 'none.duckdb' here; known: none"),
        (["latency", "--run", "text"], "text cannot be read: "),
        (["latency", "--run", "empty"], "empty: nothing has been recorded there"),
    ],
)
def test_bad_input(
    argv: list[str], words: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(elsewhere / "one", flown())
    (elsewhere / "text").write_text("no recording at all" * 1000)
    (elsewhere / "empty").mkdir()
    MemoryRecording({}, str(elsewhere / "empty" / "telemetry.duckdb")).close()
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert words in err


# Recordings of earlier versions


LACKING = {
    "v1": {
        "transactions": "work.tx_time, work.tx_call_time, work.lock_time, work.tx_count",
        "queues": "work.queued, work.wait",
        "rows_read": "work.rows_read",
    },
    "v2": {"transactions": "work.tx_count"},
}


NEEDS = {name: instrument.NEEDS for name, instrument in instruments.discover().items()}


@pytest.fixture(params=sorted(LACKING))
def old(request: pytest.FixtureRequest, elsewhere: Path) -> str:
    """An earlier version, whose recording is in the folder "old"."""
    version = str(request.param)
    (elsewhere / "old").mkdir()
    packed = (OLD / f"{version}.duckdb.gz").read_bytes()
    (elsewhere / "old" / store.RECORDING).write_bytes(gzip.decompress(packed))
    return version


@pytest.mark.parametrize("name", instruments.discover())
def test_what_an_old_recording_has_not_got_is_said(
    name: str, old: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, name, "--run", "old", "--json")
    notes = json.loads(out)["notes"]
    lacking = LACKING[old].get(name)
    told = [note for note in notes if "schema version" in note]
    if lacking is None:
        assert told == []
    else:
        assert told == [
            f"this recording is of schema version {old[1:]} and has no {lacking}: what rests on "
            "that is not known, and is not zero"
        ]
    code, out, _ = run(capsys, name, "--run", "old")
    assert code in (0, 1) and (lacking is None or "has no" in out)


@pytest.mark.parametrize(
    ("name", "need"),
    [(name, need) for name in ("transactions", "queues") for need in NEEDS[name]],
)
def test_each_lack_alone_is_said_and_stops_nothing(
    name: str, need: str, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = kept(elsewhere / "one", flown())
    table, _, column = need.partition(".")
    recording = MemoryRecording({}, str(folder / store.RECORDING))
    recording.execute(f"ALTER TABLE {table} DROP {column}" if column else f"DROP TABLE {table}")
    recording.execute("INSERT INTO meta VALUES (2, '0.1.0', 0)")
    recording.close()
    code, out, _ = run(capsys, name, "--run", "one", "--after", "D1", "--json")
    assert code in (0, 1)
    assert f"is of schema version 2 and has no {need}" in json.loads(out)["notes"][-1]
    code, out, _ = run(capsys, name, "--run", "one", "--after", "D1")
    assert f"has no {need}" in out


def test_what_was_not_counted_is_not_told_as_zero(
    old: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: dict[str, list[dict[str, Any]]] = {}
    for name in ("transactions", "queues"):
        _, out, _ = run(capsys, name, "--run", "old", "--json")
        rows[name] = json.loads(out)["tables"][0]["rows"]
    if old == "v1":
        assert rows["transactions"] == []
        assert {row["after"]["enqueued"] for row in rows["queues"]} <= {None}
    else:
        figures = [row["after"] for row in rows["transactions"]]
        assert {f["transactions_per_request"] for f in figures} == {None}
        assert max(f["open_p95"] for f in figures) > 0
