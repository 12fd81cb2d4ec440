"""Playing visits: what is due while too much is under way is dropped, and recorded as dropped."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import gevent
from gevent.event import Event
from waiting import PATIENCE

from brownout.collector.tables import Row, Tables
from brownout.load.answers import Outcome
from brownout.load.arrivals import Arrival
from brownout.load.play import INFLIGHT, Play
from brownout.load.recorder import Recorder
from brownout.load.visits import Step, Visit, World

MORE = 3
DUE = 10**9


class Stuck:
    """A shop that answers nobody until it is let; it tells when as many ask as may."""

    def __init__(self) -> None:
        self.asked = 0
        self.full, self.let = Event(), Event()

    def send(self, step: Step, path: str, cookies: Any) -> Outcome:
        self.asked += 1
        if self.asked == INFLIGHT:
            self.full.set()
        self.let.wait()
        return Outcome(200, 2)


def arrival(place: int) -> Arrival:
    visit = Visit("client", World(["v"], [1], ["crime"]), random.Random(place))
    visit.ask("GET /api/books/", "/api/books/")
    return Arrival(place, DUE, visit)


def played() -> tuple[list[Row], int]:
    """(what was recorded, how many requests reached the shop)."""
    rows: list[Row] = []

    def take(table: str, some: Sequence[Any]) -> bool:
        rows.extend(some)
        return True

    shop, recorder = Stuck(), Recorder(take)
    play = Play(shop, recorder, now=lambda: DUE)
    play.begin([arrival(place) for place in range(INFLIGHT)])
    assert shop.full.wait(timeout=PATIENCE)
    play.begin([arrival(INFLIGHT + place) for place in range(MORE)])
    gevent.idle()  # they have had their turn
    shop.let.set()
    play.finish(30)
    recorder.hand_on()
    return rows, shop.asked


def test_what_is_due_beyond_the_cap_is_dropped_and_counts_as_failed(tmp_path: Path) -> None:
    rows, asked = played()
    assert asked == INFLIGHT
    assert Counter((row["status"], row["error"]) for row in rows) == {
        (200, ""): INFLIGHT,
        (0, "dropped"): MORE,
    }
    tables = Tables(tmp_path / "recording.duckdb")
    tables.insert({"requests": rows})
    tables.close()
    with duckdb.connect(str(tmp_path / "recording.duckdb")) as recording:
        found = recording.execute("SELECT count(*) FROM outcomes WHERE failed").fetchall()
    assert found == [(MORE,)]
