"""Depths of Celery's queues in Redis or Valkey, as rows of the recording's ``metrics``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import redis

PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")
"""What Kombu appends to a queue's name in Redis for its steps of priority."""

BINDINGS = "_kombu.binding."
PRIVATE = ("celeryev", "celery.pidbox", "reply.celery.pidbox")


def names(client: redis.Redis) -> set[str]:
    """The queues that the broker tells of, those of tasks."""
    found = client.scan_iter(match=f"{BINDINGS}*", count=1000)
    known = {key.decode().removeprefix(BINDINGS) for key in found}
    return {name for name in known if not name.startswith(PRIVATE)}


def depths(client: redis.Redis, queues: Sequence[str]) -> dict[str, int]:
    """Messages that wait in each queue."""
    ask = client.pipeline(transaction=False)
    for queue in queues:
        for priority in PRIORITIES:
            ask.llen(queue + priority)
    counts = ask.execute()
    steps = len(PRIORITIES)
    return {q: sum(counts[i * steps : (i + 1) * steps]) for i, q in enumerate(queues)}


class QueueProbe:
    """Takes samples over one connection of its own."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)

    def sample(self) -> list[dict[str, Any]]:
        """``queue.depth`` of each queue; nothing while the broker is away."""
        row = {"ts": time.time_ns(), "name": "queue.depth", "service": "broker", "release": ""}
        try:
            found = depths(self._client, sorted(names(self._client)))
        except redis.RedisError:
            return []
        return [
            {**row, "value": float(depth), "attributes": {"queue": queue}}
            for queue, depth in found.items()
        ]

    def close(self) -> None:
        self._client.close()
