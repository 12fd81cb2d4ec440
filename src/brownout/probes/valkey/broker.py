"""A Celery broker and its workers as a probe sees them: queues, what waits in them, who works."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import celery
import redis
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from brownout.model import BrownoutError, MachineError
from brownout.probes.valkey.keyspace import connected
from brownout.probes.valkey.queues import PRIORITIES, depths, names

ANSWER = 1.5
"""Seconds that workers have to answer: one with a solo pool does so between two tasks."""

READ = 200
"""Messages of a queue that are read for their task's name, the oldest first."""

PUBLISHED = "brownout_published"
"""The meter's header with the moment of publication, in ns (a test compares the two)."""

TRANSPORTS = ("redis", "rediss", "valkey", "amqp", "amqps", "pyamqp")


@contextmanager
def opened(url: str) -> Iterator[Broker]:
    """The broker, which answered. Raises BrownoutError, MachineError."""
    kind = url.split(":", 1)[0]
    if kind not in TRANSPORTS:
        raise BrownoutError(
            f"not a broker's URL that can be looked at ({kind}): wanted is redis://host:port/db "
            "or amqp://user:password@host/vhost"
        )
    if kind in ("redis", "rediss", "valkey"):
        with connected(url.replace("valkey:", "redis:", 1)) as client:
            yield Broker(url, client)
        return
    made: Any = Connection  # Kombu is untyped
    connection = made(url, connect_timeout=5)
    try:
        connection.connect()
    except (OperationalError, OSError) as error:
        raise MachineError(f"no connection to the broker ({error}): is it running?") from error
    except Exception as error:  # the transport's own errors share no class: refused, no such vhost
        raise BrownoutError(f"the broker refuses ({error}): check its URL") from error
    finally:
        connection.release()
    yield Broker(url, None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a queue: messages, by their task among the oldest, and the oldest's age."""

    depth: int
    tasks: Counter[str] = field(default_factory=Counter)
    oldest_s: float | None = None


class Broker:
    """``client``: of the Redis that it is, None for another kind."""

    def __init__(self, url: str, client: redis.Redis | None) -> None:
        self._client = client
        self._app = celery.Celery(broker=url, set_as_current=False)
        self._app.conf.update(broker_connection_retry=False, broker_connection_timeout=5)

    def queues(self) -> set[str]:
        """The queues that the broker tells of; none where its protocol has no way to ask."""
        if self._client is None:
            return set()
        return names(self._client)

    def depths(self, queues: Sequence[str]) -> dict[str, int]:
        """Messages that wait in each queue."""
        if self._client is None:
            return self._asked(queues)
        return depths(self._client, queues)

    def _asked(self, queues: Sequence[str]) -> dict[str, int]:
        found = {}
        with self._app.connection_for_read() as connection:
            for queue in queues:
                with suppress(*connection.channel_errors), connection.channel() as channel:
                    found[queue] = channel.queue_declare(queue, passive=True).message_count
        return found

    def waiting(self, queue: str) -> Waiting:
        """What waits in a queue now; of another broker than Redis its depth alone."""
        depth = self.depths([queue]).get(queue, 0)
        if self._client is None or not depth:
            return Waiting(depth)
        tasks: Counter[str] = Counter()
        oldest: float | None = None
        for priority in PRIORITIES:
            for message in self._client.lrange(queue + priority, -READ, -1):
                name, published = _headers(message)
                tasks[name] += 1
                if published:
                    oldest = max(oldest or 0.0, time.time() - published / 1e9)
        return Waiting(depth, tasks, oldest)

    def unacknowledged(self) -> int | None:
        """Messages that workers have and may still lose; None where it cannot be asked."""
        return None if self._client is None else int(self._client.hlen("unacked"))

    def workers(self) -> dict[str, dict[str, Any]]:
        """Worker -> its stats, and what it runs (active), holds (reserved) and keeps for later."""
        inspect = self._app.control.inspect(timeout=ANSWER)
        names = sorted(inspect.ping() or {})
        if not names:
            return {}
        inspect = self._app.control.inspect(destination=names, timeout=ANSWER, limit=len(names))
        asked = ("stats", "active", "reserved", "scheduled", "active_queues")
        answers = {what: getattr(inspect, what)() or {} for what in asked}
        return {name: {what: answers[what].get(name) for what in asked} for name in names}

    @contextmanager
    def listening(self, heard: Events) -> Iterator[None]:
        """Hear the workers' events within the block, where they send any."""
        with self._app.connection_for_read() as connection:
            receiver = self._app.events.Receiver(connection, handlers={"*": heard.hear})

            def listen() -> None:
                with suppress(socket.timeout, OSError, OperationalError):
                    receiver.capture(limit=None, timeout=None, wakeup=False)

            thread = threading.Thread(target=listen, name="events", daemon=True)
            thread.start()
            try:
                yield
            finally:
                receiver.should_stop = True
                thread.join(timeout=3)


def _headers(message: bytes | str) -> tuple[str, int]:
    """(task, when it was published in ns, 0 when that is not told) of a message in Redis."""
    try:
        headers = json.loads(message)["headers"]
        published = headers.get(PUBLISHED)
        return str(headers["task"]), published if isinstance(published, int) else 0
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not a task", 0


@dataclass
class Ran:
    """What became of one task: seconds of wait and run, and how often it failed or was retried."""

    waits: list[float] = field(default_factory=list)
    runs: list[float] = field(default_factory=list)
    failed: int = 0
    retried: int = 0


class Events:
    """Workers' events, put together by task. https://docs.celeryq.dev/en/stable/userguide/monitoring.html"""

    def __init__(self) -> None:
        self.tasks: dict[tuple[str, str], Ran] = defaultdict(Ran)
        self._names: dict[str, tuple[str, str]] = {}
        self._since: dict[str, float] = {}

    def hear(self, event: dict[str, Any]) -> None:
        kind, task = str(event.get("type", "")), event.get("uuid")
        if not kind.startswith("task-") or task is None:
            return
        if kind in ("task-sent", "task-received"):
            known = self._names.get(task, ("", ""))
            self._names[task] = (
                str(event.get("name") or known[0]),
                str(event.get("queue") or known[1]),
            )
            self._since.setdefault(task, float(event["timestamp"]))
        elif task in self._names:
            self._went_on(kind, self.tasks[self._names[task]], event)

    def _went_on(self, kind: str, ran: Ran, event: dict[str, Any]) -> None:
        if kind == "task-started":
            ran.waits.append(max(float(event["timestamp"]) - self._since[event["uuid"]], 0.0))
        elif kind == "task-succeeded":
            ran.runs.append(float(event.get("runtime") or 0.0))
        elif kind == "task-failed":
            ran.failed += 1
        elif kind == "task-retried":
            ran.retried += 1
