"""The same request on the same data with the same cache gives the same counts, each time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import elsewhere
import pytest
import tour
from metering import Receiver
from service import Service

from brownout.meter.event.work import exact

pytestmark = pytest.mark.long

TIMES = 250
"""Of each page: a thousand requests in all."""

WHOLE, STREAMED, LATER = (f"/everything/{page}" for page in ("", "streamed/", "later/"))
READING = ("/nested/", "/stalls/")


@pytest.fixture(params=["sqlite", "postgresql"])
def named(request: pytest.FixtureRequest) -> dict[str, str]:
    """What the project's environment says of its database."""
    if request.param == "sqlite":
        return {}
    return {"DATABASE_URL": request.getfixturevalue("database")}


def visit(data: Path, receiver: Receiver, script: str, **more: str) -> dict[str, list[Any]]:
    """route or task -> the exact parts of its events, without the first visit's."""
    environment = elsewhere.metered(data, receiver.url, **more)
    done = elsewhere.python(environment, script, sys.executable)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])["said"]
    assert {status for status, _ in said.values()} == {200}
    assert receiver.dropped() == []
    found: dict[str, list[Any]] = {}
    for row in receiver.work():
        if row["kind"] == "command":  # it fills the tables, once
            continue
        found.setdefault(row["route"], []).append(exact(row))
    return {route: rows[1:] for route, rows in found.items()}


def counts(entries: list[dict[str, Any]], name: str, *fields: str) -> list[tuple[Any, ...]]:
    return sorted((e[name], *(e[field] for field in fields)) for e in entries)


def check_whole(event: dict[str, Any]) -> None:
    """All kinds of work are in the event, none is lost while others go on."""
    assert (event["items"], event["ai_calls"], event["tasks"]) == (4, 5, 3)
    assert event["tx_count"] == 2
    begun = sum(s["calls"] for s in event["sql"] if s["shape"] == "BEGIN")  # SQLite alone tells it
    assert (event["sql_calls"] - begun, event["sql_rows"]) == (9, 2)
    asked = counts(event["ai"], "target", "calls", "inputs", "tokens_in", "attempts", "clients")
    assert asked == [
        ("/things/*", 1, 1, None, 1, 1),
        ("/things/*", 2, 2, None, 2, 1),
        ("/v1/chat/completions", 1, 1, 11, 2, 0),  # the first attempt failed
        ("/v1/embeddings", 1, 3, 5, 1, 0),
    ]
    assert sum(call["repeats"] for call in event["ai"]) == 1
    kept = counts(event["cache"], "family", "gets", "hits", "sets", "deletes")
    assert kept == [
        *(("gone:*", 1, 0, 0, 0), ("made:*", 1, 1, 0, 0), ("shelf:*", 3, 2, 2, 2)),
        ("tally:*", 1, 1, 4, 1),
    ]
    queued = counts(event["queued"], "queue", "task", "count")
    assert queued == [(name, "post.letter", 1) for name in ("(eager)", "celery", "slow")]


@pytest.mark.stack
def test_a_thousand_requests_count_the_same_each_time(
    named: dict[str, str], receiver: Receiver, service: Service, tmp_path: Path
) -> None:
    """The stream on SQLite, the async view on PostgreSQL, the page that does most on both."""
    pages, later = ((WHOLE,), (LATER,)) if named else ((WHOLE, STREAMED), ())
    script = tour.script(pages, TIMES + 1, later)
    found = visit(tmp_path, receiver, script, SERVICE=service.url, **named)
    assert set(found) == {f"GET {page}" for page in (*pages, *later)} | {"post.letter"}
    for rows in found.values():
        assert len(rows) == TIMES
        assert [row for row in rows if row != rows[0]] == []
    check_whole(found[f"GET {WHOLE}"][0])
    if named:
        asked = counts(found[f"GET {LATER}"][0]["ai"], "target", "inputs", "attempts")
        assert asked == [("/things/*", 1, 1), ("/v1/chat/completions", 1, 2)]
    else:
        streamed = found[f"GET {STREAMED}"][0]
        assert (streamed["sql_rows"], streamed["bytes"]) == (6, 53)
        assert counts(streamed["ai"], "model", "tokens_in", "tokens_out") == [("small", 11, 3)]


@pytest.mark.stack
def test_what_the_database_reads_is_the_same_each_time(
    named: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    more = named | {"BROWNOUT_METER_DATABASE_WORK": "1"}
    found = visit(tmp_path, receiver, tour.script(READING, 21, ()), **more)
    for rows in found.values():
        assert len({row["rows_read"] for row in rows}) == 1
    [stalls] = [rows[0] for route, rows in found.items() if "stalls" in route]
    if named:
        assert stalls["rows_read"] == 3 + 6  # all stalls, and by the index the wares of each
    else:
        assert stalls["rows_read"] > 0
    assert [u for rows in found.values() for row in rows for u in row["uncounted"]] == []


@pytest.mark.stack
def test_debugging_changes_no_count(
    named: dict[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    """Django has other cursors then, and its back end for PostgreSQL one of its own."""
    found = visit(tmp_path, receiver, tour.script(("/stalls/",), 2, ()), DEBUG="1", **named)
    [[stalls]] = found.values()
    assert (stalls["sql_calls"], stalls["sql_rows"]) == (4, 9)
