"""What waits to be written: bounded in bytes, written in groups, answered once it is committed."""

from __future__ import annotations

import asyncio
import collections
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from brownout.collector.tables import BadRows, Row, Tables

ROOM = 32 << 20
"""Bytes of bodies, as received, that may be on their way; beyond them: 503, come back."""

BACKLOG = 256
"""Batches that may wait to be written."""

GROUP = 1 << 20
"""Unpacked bytes after which a group is committed, whatever else waits."""

Rows = dict[str, list[Row]]


class Full(Exception):
    """No room now; the sender is told to come back."""


@dataclass(frozen=True)
class Decoded:
    """What became of a body: its rows, its bytes when unpacked, and what its sender is told."""

    rows: Rows
    size: int
    told: Any


@dataclass(frozen=True)
class Batch:
    """``decode`` makes rows of a body, or raises what its sender is told."""

    decode: Callable[[], Decoded]
    done: Future[Any] = field(default_factory=Future)


class Intake:
    """One thread takes what waits, a group at a time: decodes it, writes it, answers.

    ``written`` hears of the rows that are new, once they are committed. Its memory is bounded:
    bodies wait as bytes, and one at a time is unpacked and decoded.
    """

    def __init__(self, tables: Tables, written: Callable[[Rows], None] = lambda rows: None) -> None:
        self._tables = tables
        self._written = written
        self._waiting: collections.deque[Batch] = collections.deque()
        self._changed = threading.Condition()
        self._closed = False
        self.held = 0
        """Bytes of bodies that are on their way."""
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def reserve(self, size: int) -> None:
        """Room for so many bytes of a body, to be given back by ``release``. Raises Full."""
        with self._changed:
            if self.held + size > ROOM:
                raise Full
            self.held += size

    def release(self, size: int) -> None:
        with self._changed:
            self.held -= size

    async def write(self, batch: Batch) -> Any:
        """What ``decode`` gave beside the rows, once they are committed; raises what it raised,
        BadRows when the rows do not fit, Full."""
        with self._changed:
            if len(self._waiting) >= BACKLOG or self._closed:
                raise Full
            self._waiting.append(batch)
            self._changed.notify()
        return await asyncio.wrap_future(batch.done)

    def close(self) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Batches that wait to be written."""
        return len(self._waiting)

    def _run(self) -> None:
        while group := self._group():
            try:
                self._commit([one for one in group if one[1] is not None])
            except BaseException as error:  # a full disk: told to all, and the next may go better
                for batch, _ in group:
                    _fail(batch, error)

    def _group(self) -> list[tuple[Batch, Decoded | None]]:
        """What waits, decoded, up to ``GROUP`` bytes; at least one; none when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
        group: list[tuple[Batch, Decoded | None]] = []
        size = 0
        while self._waiting and size < GROUP:
            batch = self._waiting.popleft()
            decoded = _decoded(batch)
            group.append((batch, decoded))
            size += decoded.size if decoded else 0
        return group

    def _commit(self, group: Sequence[tuple[Batch, Decoded | None]]) -> None:
        merged: Rows = {}
        for _, decoded in group:
            for table, found in decoded.rows.items() if decoded else ():
                merged.setdefault(table, []).extend(found)
        try:
            fresh = self._tables.insert(merged)
        except BadRows as error:
            if len(group) > 1:  # one of them: each on its own, so that the others are kept
                for one in group:
                    self._commit([one])
            else:
                _fail(group[0][0], error)
            return
        self._written(fresh)
        for batch, decoded in group:
            if decoded and not batch.done.done():
                batch.done.set_result(decoded.told)


def _decoded(batch: Batch) -> Decoded | None:
    try:
        return batch.decode()
    except Exception as error:
        _fail(batch, error)
        return None


def _fail(batch: Batch, error: BaseException) -> None:
    if not batch.done.done():
        batch.done.set_exception(error)
