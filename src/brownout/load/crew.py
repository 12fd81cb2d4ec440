"""Those who share the play: load workers that have joined a drill's generator."""

from __future__ import annotations

import contextlib
import hmac
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import gevent
from gevent.queue import Full, Queue
from gevent.server import StreamServer

from brownout.load.arrivals import Second
from brownout.load.link import FIRST, Link, Lost, identity
from brownout.load.recorder import Row
from brownout.load.visits import World

BEHIND = 5
"""Seconds of the play that a worker may leave unread before it is given up."""

TEXTS = frozenset(("trace_id", "route", "journey", "error"))
NUMBERS = frozenset(("intended", "start", "latency", "status", "bytes", "first_byte"))
"""The columns of ``requests``; ``first_byte`` may be null."""

Outbox: TypeAlias = Queue  # of messages


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker is told: the play's seed and world, and where the shop is.

    ``outer``: the shop's port, on the host by which the worker reached us; ``host``: the Host
    header that the shop wants. ``key``: who does not know it is refused.
    """

    seed: int
    world: World
    outer: int
    host: str
    key: str


class Crew:
    """Lets workers in, tells them each second, and takes what they report.

    The generator itself is player 0; workers are numbered from 1 in the order of their joining.
    One that is gone is out from the next second on: the others take over its share, and what it
    had been told and did not play has no row, so that it counts as failed.
    """

    def __init__(self, terms: Terms, report: Callable[[list[Row]], None]) -> None:
        self._terms = terms
        self._report = report
        self._queues: dict[Link, Outbox] = {}
        self._server: StreamServer | None = None

    def listen(self, host: str, port: int) -> None:
        """Raises OSError when the address cannot be had."""
        self._server = StreamServer((host, port), self._serve)
        self._server.start()

    @property
    def port(self) -> int:
        return int(self._server.server_port) if self._server else 0

    def tell(self, second: Second) -> int:
        """Hand out the shares of a second; how many play it."""
        queues = list(self._queues.items())
        players = 1 + len(queues)
        for player, (link, queue) in enumerate(queues, start=1):
            message = {"second": asdict(second), "player": player, "players": players}
            try:
                queue.put_nowait(message)
            except Full:
                link.close()  # whoever reads from it then sees that it is gone
        return players

    def _serve(self, connection: Any, address: tuple[Any, ...]) -> None:
        """One worker, from its joining to its end."""
        link, queue = Link(connection), Outbox(BEHIND)
        writer = gevent.spawn(_write, link, queue)
        try:
            if self._join(link):
                say(f"{address[0]} plays along")
                self._hear(link, queue)
        except Lost as lost:
            say(f"{address[0]} is gone: {lost}")
        finally:
            self._queues.pop(link, None)
            writer.kill()
            link.close()

    def _join(self, link: Link) -> bool:
        """Refuse it with the reason, or welcome it."""
        asked = link.receive(FIRST).get("join")
        if reason := self._objection(asked):
            link.send({"refused": reason})
            return False
        terms = self._terms
        told = {"seed": terms.seed, "outer": terms.outer, "host": terms.host}
        link.send({"welcome": {**told, "world": asdict(terms.world)}})
        return True

    def _objection(self, asked: Any) -> str:
        if not isinstance(asked, dict):
            return "it did not ask to join"
        token = str(asked.get("token", "")).encode()
        if not hmac.compare_digest(token, self._terms.key.encode()):
            return "the token is wrong; the drill's load.json has it"
        ours = identity()
        theirs = {name: str(asked.get(name, "")) for name in ours}
        if theirs != ours:
            told = [f"brownout {v['version']} (play {v['play']})" for v in (theirs, ours)]
            return f"this worker is {told[0]}, the drill {told[1]}: install the same on both"
        return ""

    def _hear(self, link: Link, queue: Outbox) -> None:
        """Take what a worker says until it is gone (Lost). From its first report on it plays."""
        leaving = False
        while True:
            message = link.receive()
            if "clock" in message:
                queue.put({"clock": message["clock"], "now": time.time_ns()})
            elif "requests" in message:
                self._report(_rows(message["requests"]))
                if not leaving:
                    self._queues[link] = queue
            elif "leaving" in message:
                leaving = True
                self._queues.pop(link, None)
                queue.put({"released": True})
            else:
                raise Lost("it says what nobody understands")

    def close(self) -> None:
        if self._server:
            self._server.stop(timeout=0.1)
        for link in list(self._queues):
            link.close()


def _write(link: Link, queue: Outbox) -> None:
    with contextlib.suppress(Lost):
        while True:
            link.send(queue.get())


def _rows(found: Any) -> list[Row]:
    """Rows as the recording wants them. Raises Lost for anything else: a row that is refused would
    keep all the others of its batch from being recorded."""
    if not isinstance(found, list) or not all(map(_is_row, found)):
        raise Lost("what it reports are no requests")
    return found


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or row.keys() != TEXTS | NUMBERS:
        return False
    numbers = [row[n] for n in NUMBERS if row[n] is not None or n != "first_byte"]
    return (
        all(type(row[t]) is str for t in TEXTS)
        and all(type(n) is int and abs(n) < 1 << 63 for n in numbers)
        and row["status"] < 1000
    )


def say(text: str) -> None:
    """Into the generator's log."""
    print(f"load worker: {text}", flush=True)
