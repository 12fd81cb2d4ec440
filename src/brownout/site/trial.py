"""Trying a release before it goes live: functional tests, then users of its own for some seconds.

Its users ask what all users ask; p95 and errors of each route are held against the SLOs, statements
per request against the calm window.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from brownout.collector.client import Client, LiveRecording
from brownout.model import BrownoutError, Recording, Window
from brownout.report import promises
from brownout.site import validation
from brownout.site.validation import Ground
from brownout.stack.processes.environment import plain
from brownout.stack.processes.supervisor import Command
from brownout.stack.rehearsal import SERVICE, Stage
from brownout.stack.stack import Stack

TIMES, MORE = 2.0, 3.0
"""Statements per request beyond so many times those of the calm window and so many more fail."""

STATEMENTS = """
SELECT route, avg(sql_calls) FROM work WHERE kind = 'request' AND start >= $1 AND start < $2
GROUP BY route
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """``ground``: of the live system; ``rate``: journeys a second, for so many ``seconds``."""

    ground: Ground
    stack: Stack
    seed: int
    rate: float
    seconds: float

    def attempt(self, ref: str) -> dict[str, Any]:
        """The value of a ``try`` event; its ``passed`` is the answer.

        Raises BrownoutError when the release does not build or does not become healthy.
        """
        calm = self.ground.recording.windows.get("baseline")
        if calm is None:
            raise BrownoutError("try: there is no calm window yet to compare with")
        start = time.time_ns()
        with self.stack.stage(ref, self.ground.say) as stage:
            recording = LiveRecording(Client(stage.collector, stage.token))
            own = replace(self.ground, shop_url=stage.url, recording=recording)
            functional = validation.functional_tests(own)
            window = self._rehearse(own, stage)
            slos = promises.check(recording, self.ground.slos, window)
            counted = statements(self.ground.recording, calm, recording, window)
        return {
            "passed": functional["passed"] and all(row["ok"] for row in (*slos, *counted)),
            "tried": stage.tag,
            "functional": functional,
            "slos": slos,
            "statements": counted,
            "start": start,
            "end": time.time_ns(),
        }

    def _rehearse(self, own: Ground, stage: Stage) -> Window:
        """Let users of its own visit the release; the window that counts."""
        users = stage.supervisor.start(players(stage, self.seed, self.rate))
        try:
            validation.wait(own, validation.SETTLE, "rehearsal, settling")
            start = time.time_ns()
            validation.wait(own, self.seconds, "rehearsal")
            window = Window(start, time.time_ns())
            validation.wait(own, validation.SETTLE, "the last answers")
        finally:
            stage.supervisor.stop(users, grace=1.0)
        return window


def players(stage: Stage, seed: int, rate: float) -> Command:
    """The load generator's process for a release on trial."""
    wiring = stage.wiring
    return Command(
        name=f"{SERVICE}-load",
        service=SERVICE,
        argv=[
            *(sys.executable, "-m", "brownout.load.runner", "--url", stage.url),
            *("--collector", stage.collector, "--database", wiring.database),
            *("--seed", str(seed), "--rate", f"{rate:g}"),
        ],
        env=plain(wiring.run_id, wiring.run) | {"BROWNOUT_TOKEN": stage.token},
        cwd=wiring.run,
        log=wiring.run / "logs" / f"{SERVICE}-load.log",
    )


def statements(
    before: Recording, calm: Window, after: Recording, window: Window
) -> list[dict[str, Any]]:
    """Statements per request of each route that both windows have: route, before, now, ok."""
    usual = _per_request(before, calm)
    return [
        {
            "route": route,
            "before": round(usual[route], 1),
            "now": round(now, 1),
            "ok": now <= max(TIMES * usual[route], usual[route] + MORE),
        }
        for route, now in sorted(_per_request(after, window).items())
        if route in usual
    ]


def _per_request(recording: Recording, window: Window) -> Mapping[str, float]:
    return dict(recording.query(STATEMENTS, [window.start, window.end]))
