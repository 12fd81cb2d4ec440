"""Playing visits: each request at its moment, and what came of it into the recorder."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import gevent
from gevent.event import Event
from gevent.pool import Group

from brownout.load.answers import Outcome
from brownout.load.arrivals import NS, Arrival
from brownout.load.recorder import Recorder
from brownout.load.visits import ASSET, Step, Visit

INFLIGHT = 200
"""Requests under way at most; what is due beyond them is dropped, and recorded as dropped."""


class Sends(Protocol):
    def send(self, step: Step, path: str, cookies: Any) -> Outcome: ...


class Play:
    """Plays arrivals until ``ended`` is set. ``now``: the drill's clock in ns."""

    def __init__(
        self, sender: Sends, recorder: Recorder, now: Callable[[], int] = time.time_ns
    ) -> None:
        self.ended = Event()
        self.now = now
        self._sender = sender
        self._recorder = recorder
        self._inflight = 0
        self._visits = Group()

    def begin(self, arrivals: list[Arrival]) -> None:
        """Spawn each visit when it is due; returns when the last has begun."""
        for arrival in arrivals:
            self.wait_until(arrival.due)
            if self.ended.is_set():
                return
            self._visits.spawn(self._visit, arrival.due, arrival.visit)

    def finish(self, seconds: float) -> None:
        """Wait for the visits that have begun."""
        self._visits.join(timeout=seconds)

    def wait_until(self, moment: int) -> None:
        left = (moment - self.now()) / NS
        if left > 0:
            self.ended.wait(left)

    def _visit(self, due: int, visit: Visit) -> None:
        """Wave after wave: wanted at the planned moment, or once the one before was answered.

        The document's assets are the ones that it names now: a release brings files of its own.
        """
        free = due
        named: tuple[str, ...] = ()
        for wave in visit.waves():
            intended = max(due + int(wave[0].after * NS), free)
            self.wait_until(intended)
            if self.ended.is_set():
                return
            asked = [(step, _path(step, visit, named)) for step in wave]
            for outcome in self._together(visit, intended, asked):
                named = outcome.assets or named
                visit.cookies |= outcome.cookies
            free = self.now()

    def _together(
        self, visit: Visit, intended: int, asked: list[tuple[Step, str]]
    ) -> list[Outcome]:
        if len(asked) == 1:
            return [self._request(visit, intended, *asked[0])]
        jobs = [gevent.spawn(self._request, visit, intended, *each) for each in asked]
        gevent.joinall(jobs, raise_error=True)
        return [job.value for job in jobs]

    def _request(self, visit: Visit, intended: int, step: Step, path: str) -> Outcome:
        """Make one request and record it."""
        start = self.now()
        if self._inflight >= INFLIGHT:
            outcome = Outcome(0, error="dropped")
            self._recorder.done(step, visit, (intended, start, start), outcome)
            return outcome
        self._inflight += 1
        try:
            outcome = self._sender.send(step, path, visit.cookies)
        finally:
            self._inflight -= 1
        self._recorder.done(step, visit, (intended, start, self.now()), outcome)
        return outcome


def _path(step: Step, visit: Visit, named: tuple[str, ...]) -> str:
    if step.route != ASSET or not named or step.path not in visit.world.assets:
        return step.path
    return named[visit.world.assets.index(step.path) % len(named)]
