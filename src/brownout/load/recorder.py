"""What the load generator planned and saw, posted to the collector in batches."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from brownout.load.journeys import Step, Visit

EVERY = 0.4
"""Seconds between two posts."""

KEPT = 200_000
"""Rows that wait at most while the collector is away."""

NS = 1_000_000_000


class Recorder:
    """Rows of ``scheduled`` and ``requests``; kept until the collector has them."""

    def __init__(self, collector: str, token: str) -> None:
        self._address = urlsplit(collector).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._rows: dict[str, list[Mapping[str, Any]]] = {"scheduled": [], "requests": []}

    def plan(self, due: int, visit: Visit) -> None:
        """Announce all requests of a visit before the first is due."""
        self._rows["scheduled"] += [
            {
                "trace_id": step.trace_id,
                "intended": due + int(step.after * NS),
                "route": step.route,
                "journey": visit.journey,
            }
            for step in visit.steps
        ]

    def done(
        self,
        step: Step,
        visit: Visit,
        intended: int,
        start: int,
        end: int,
        outcome: tuple[int, int, str],
    ) -> None:
        """Record one request; ``outcome``: status, bytes, error."""
        status, size, error = outcome
        row = {
            "trace_id": step.trace_id,
            "intended": intended,
            "start": start,
            "latency": end - intended,
            "status": status,
            "route": step.route,
            "journey": visit.journey,
            "bytes": size,
            "error": error,
        }
        self._rows["requests"].append(row)

    def run(self, ended: Any) -> None:
        """Post until ``ended`` is set, then once more."""
        while not ended.wait(EVERY):
            self.post()
        for _ in range(5):
            self.post()
            if not any(self._rows.values()):
                return
            time.sleep(0.2)

    def post(self) -> None:
        """Post what is there; what is not acknowledged stays."""
        for table, rows in self._rows.items():
            if rows and self._accepted(table, batch := rows[:2000]):
                del rows[: len(batch)]
            del rows[: max(len(rows) - KEPT, 0)]

    def _accepted(self, table: str, batch: list[Mapping[str, Any]]) -> bool:
        connection = http.client.HTTPConnection(self._address, timeout=5)
        try:
            connection.request("POST", f"/rows/{table}", json.dumps(batch), self._headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
