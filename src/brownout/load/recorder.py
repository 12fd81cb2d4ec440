"""What the load generator planned and saw, handed on in batches."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from brownout.load.answers import Outcome
from brownout.load.arrivals import NS, Arrival
from brownout.load.visits import Step, Visit

EVERY = 0.4
"""Seconds between two batches."""

BATCH = 2000
"""Rows of a batch."""

KEPT = 200_000
"""Rows that wait at most while nobody takes them."""

Row = Mapping[str, Any]
Take = Callable[[str, Sequence[Row]], bool]
"""(table, rows) -> whether they were taken."""


class Recorder:
    """Rows of ``scheduled`` and ``requests``; kept until ``take`` has them."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._rows: dict[str, list[Row]] = {"scheduled": [], "requests": []}

    def plan(self, arrivals: Sequence[Arrival]) -> None:
        """Announce all requests of visits before the first is due."""
        self._rows["scheduled"] += [
            {
                "trace_id": step.trace_id,
                "intended": arrival.due + int(step.after * NS),
                "route": step.route,
                "journey": arrival.visit.journey,
            }
            for arrival in arrivals
            for step in arrival.visit.steps
        ]

    def done(self, step: Step, visit: Visit, times: tuple[int, int, int], outcome: Outcome) -> None:
        """Record one request; ``times`` in ns: when it was wanted, sent, and over."""
        intended, start, end = times
        row = {
            "trace_id": step.trace_id,
            "intended": intended,
            "start": start,
            "latency": end - intended,
            "status": outcome.status,
            "route": step.route,
            "journey": visit.journey,
            "bytes": outcome.size,
            "error": outcome.error,
            "first_byte": outcome.headers_at and outcome.headers_at - intended,
        }
        self._rows["requests"].append(row)

    def add(self, rows: Sequence[Row]) -> None:
        """Requests that somebody else made."""
        self._rows["requests"] += rows

    def run(self, ended: Any) -> None:
        """Hand on until ``ended`` is set, then what is left."""
        while not ended.wait(EVERY):
            self.hand_on()
        for _ in range(5):
            self.hand_on()
            if not any(self._rows.values()):
                return
            time.sleep(0.2)

    def hand_on(self) -> None:
        """Hand on what is there; what is not taken stays."""
        for table, rows in self._rows.items():
            while rows and self._take(table, batch := rows[:BATCH]):
                del rows[: len(batch)]
            del rows[: max(len(rows) - KEPT, 0)]


def to_collector(url: str, token: str) -> Take:
    """Posts rows to the collector; taken is what it has committed."""
    address = urlsplit(url).netloc
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def take(table: str, rows: Sequence[Row]) -> bool:
        connection = http.client.HTTPConnection(address, timeout=5)
        try:
            connection.request("POST", f"/rows/{table}", json.dumps(rows), headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return take
