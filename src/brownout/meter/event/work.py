"""The work of one request, task or command, counted while it runs.

Counts are exact: the same request on the same data with the same cache gives the same ones. What
is named in MEASURED is a measurement.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import sys
import threading
import time
from contextvars import ContextVar
from typing import Any

from brownout.meter.event.memory import resident

TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
CURRENT: ContextVar[Work | None] = ContextVar("brownout_work", default=None)

MODE = os.environ.get("BROWNOUT_METER", "default")
"""default, full (dear measurements of all events, see SAMPLE and BLOCKS) or off."""

DATABASE_WORK = os.environ.get("BROWNOUT_METER_DATABASE_WORK") == "1"
SAMPLE = 1 if MODE == "full" else 20
"""Of so many works one has its CPU time by category and its resident bytes measured."""

BLOCKS = 1 if MODE == "full" else 100
"""Of so many works one has its memory blocks counted: that walks the whole heap."""

SPREAD = 0x9E3779B97F4A7C15
"""An odd number, so that no two numbers of 64 bits are the same when multiplied by it."""

FIRST, CLOCKED = 10, 20
"""Of the first so many statements of a sampled work the CPU time of each third one is read, of the
others that of each so-manieth."""

MOST_STATEMENTS, MOST_ENTRIES = 100_000, 10_000
"""Remembered of a command or task."""

SQL_KEYS = ("shape", "caller")
SQL_FIELDS = ("calls", "rows", "time", "fetch_time", "repeats", "in_transaction", "errors")
CACHE_KEYS = ("family",)
CACHE_FIELDS = ("gets", "hits", "sets", "deletes", "bytes", "time")
AI_KEYS = ("target", "kind", "model", "version", "caller")
AI_FIELDS = (
    "calls", "inputs", "tokens_in", "tokens_out", "attempts", "first_byte", "time", "errors",
    "repeats", "clients",
)  # fmt: skip
QUEUED_KEYS = ("task", "queue")
QUEUED_FIELDS = ("count",)

MEASURED = frozenset({
    "start", "duration", "cpu", "sql_time", "cache_time", "ai_time", "wait", "sql_fetch_time",
    "template_time", "tx_time", "tx_call_time", "lock_time", "connect_time", "cpu_sql",
    "cpu_cache", "cpu_call", "cpu_template", "blocks", "rss", "time", "fetch_time", "first_byte",
})  # fmt: skip
"""Fields of an event, and of its lists' entries, that are measurements."""

NAMES = frozenset({"trace_id", "pid", "thread"})
"""Fields that name one event and its place, and are no work."""

_ids = random.Random()
_process = f"{_ids.getrandbits(64) | 1:016x}"
"""The first half of the trace ids that are made in this process."""


def _forked() -> None:
    global _process
    _ids.seed()
    _process = f"{_ids.getrandbits(64) | 1:016x}"


os.register_at_fork(after_in_child=_forked)

_number = itertools.count()
_running: dict[int, Work] = {}


class Bounded(dict[Any, Any]):
    """What a work that may go on for hours remembers: no new keys once it is full."""

    def __init__(self, most: int) -> None:
        self.most, self.lost = most, False

    def __setitem__(self, key: Any, value: Any) -> None:
        if len(self) < self.most or key in self:
            super().__setitem__(key, value)
        else:
            self.lost = True

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The value of the key; of a new one for which there is no room, ``default`` alone."""
        if len(self) < self.most or key in self:
            return super().setdefault(key, default)  # at once: two threads get the same
        self.lost = True
        return default


class Work:
    """One unit of work; times in ns. Class attributes are what a unit without such work has.

    ``sql``, ``cache``, ``ai`` and ``queued`` go from the KEYS of an entry to its FIELDS, a list.
    ``spent``: time in SQL, cache, calls and templates so far, each ns once, see ``Span``.
    """

    asynchronous = False
    closed = False
    alone = True
    """Did no other work run in the process at the same time?"""

    lasting = False
    shared = False
    """Did another work, not part of this one, run in its thread at the same time? (gevent)"""

    stepped = spread = False
    """Did it run on an event loop of others, and start tasks there whose CPU time is not known?"""

    uncounted: frozenset[str] = frozenset()
    straight: bool | None = None
    """May its statements go straight to the driver? See ``queries``."""

    rendering = False
    spent = 0
    template_time = 0
    cpu_elsewhere = 0
    """CPU time of other threads that worked for this."""

    cpu_sql = cpu_cache = cpu_call = cpu_template = 0
    statements = sql_clocked = 0
    """Statements, and the time of those whose CPU time was read into ``cpu_sql``."""

    streams: dict[Any, None] | None = None
    """Calls whose streamed answers are not read to their end."""

    tx_time = tx_call_time = lock_time = tx_count = connect_time = 0
    rows_read: int | None = 0 if DATABASE_WORK else None
    wait: int | None = None
    exception = ""
    abandoned = "false"
    """"true": it was cancelled, or nobody read its answer to the end. As JSON has it."""

    items = -1
    tasks = 0
    cpu: int | None = None
    blocks_began: int | None = None
    blocks: int | None = None
    rss: int | None = None
    duration = 0

    def __init__(self, trace_id: str = "", asynchronous: bool = False) -> None:
        self._trace = trace_id or _process
        self.sql: dict[Any, list[int]] = {}
        self.seen: dict[int, None] = {}
        self.cache: dict[Any, list[int]] = {}
        self.ai: dict[Any, list[Any]] = {}
        self.queued: dict[tuple[str, str], list[int]] = {}
        self.transactions: dict[str, list[int]] = {}
        """Open ones: alias of the database -> [began, first lock or 0]."""
        if asynchronous:
            self.asynchronous = True
        self.thread = threading.current_thread().native_id
        self._number = number = next(_number)
        self.sampled = not number % SAMPLE
        _running[id(self)] = self
        if len(_running) > 1:
            part = CURRENT.get() is not None
            for other in list(_running.values()):
                other.alone = False
                if other.thread == self.thread and other is not self and not part:
                    self.shared = other.shared = True
        self.start = time.time_ns()
        if self.sampled:
            self.rss_began = resident()
            if not number % BLOCKS:
                self.blocks_began = sys.getallocatedblocks()
        self.cpu_began = time.thread_time_ns()
        self.began = time.perf_counter_ns()

    @property
    def trace_id(self) -> str:
        """Of the trace that it belongs to; one of its own where nobody named one."""
        # Sampling by the last bits of a trace id expects them to be spread.
        own = f"{self._number * SPREAD % 2**64:016x}"
        return self._trace if len(self._trace) == 32 else self._trace + own

    def close(self) -> None:
        """Take the measurements at the end; what is counted later is lost."""
        self.duration = time.perf_counter_ns() - self.began
        cpu = time.thread_time_ns() - self.cpu_began
        if self.streams:
            for call in list(self.streams):
                call.left()
        self.closed = True
        # Requests that took turns in one thread cannot be told apart by its CPU time.
        if (self.alone or not (self.asynchronous or self.shared)) and not self.spread:
            self.cpu = cpu + self.cpu_elsewhere
        if self.sampled and self.alone:
            if self.blocks_began is not None:
                self.blocks = sys.getallocatedblocks() - self.blocks_began
            now = resident()
            self.rss = None if now is None else now - (self.rss_began or 0)
        if self.transactions:
            for alias in list(self.transactions):
                self.transaction_ended(alias)
        if self.lasting:
            self._tell_lost()
        _running.pop(id(self), None)

    def lasts(self) -> None:
        """It may go on for hours: what it remembers of it has an end."""
        self.lasting = True
        self.seen = Bounded(MOST_STATEMENTS)
        self.sql, self.cache, self.ai = (Bounded(MOST_ENTRIES) for _ in range(3))

    def _tell_lost(self) -> None:
        if getattr(self.seen, "lost", False):
            self.uncounted |= {f"repeats after {MOST_STATEMENTS} different statements and calls"}
        if any(getattr(entries, "lost", False) for entries in (self.sql, self.cache, self.ai)):
            self.uncounted |= {f"entries after the first {MOST_ENTRIES}"}

    def stands_apart(self) -> None:
        """Others' work may be done within it: it is no reason not to measure that."""
        _running.pop(id(self), None)

    def clocks(self) -> bool:
        """Is the CPU time of the next statement read? To read the clock is dear: the CPU time of
        all is told as the same share of their time as of those whose was read.
        """
        self.statements = count = self.statements + 1
        return count % 3 == 1 if count <= FIRST else not count % CLOCKED

    def clocked(self, cpu: int, took: int) -> None:
        """A statement's execution or a fetch, begun at ``cpu`` (thread_time_ns), is over."""
        self.cpu_sql += time.thread_time_ns() - cpu
        self.sql_clocked += took

    def transaction_began(self, alias: str) -> None:
        """A transaction of that database is open; one that was already goes on."""
        if alias not in self.transactions:
            self.transactions[alias] = [time.perf_counter_ns(), 0]
            self.tx_count += 1

    def locks(self, database: Any) -> None:
        """A statement that locks rows runs in a transaction of that connection."""
        self.transaction_began(database.alias)
        open_ = self.transactions[database.alias]
        if not open_[1]:
            open_[1] = time.perf_counter_ns()

    def unlocked(self, alias: str) -> None:
        """The locks of that database's transaction are released."""
        open_ = self.transactions[alias]
        if open_[1]:
            self.lock_time += time.perf_counter_ns() - open_[1]
            open_[1] = 0

    def transaction_ended(self, alias: str) -> None:
        """That database's transaction is over."""
        if alias in self.transactions:
            self.unlocked(alias)
            self.tx_time += time.perf_counter_ns() - self.transactions.pop(alias)[0]

    def call_ended(self, began: int) -> None:
        """A call of an AI or HTTP service that began at ``began`` (perf_counter_ns) is over."""
        if self.transactions:
            now = time.perf_counter_ns()
            self.tx_call_time += now - max(began, min(t[0] for t in self.transactions.values()))


class Span:
    """Time in one category, without that spent in others meanwhile.

    ``span = Span(work)``, then ``span.end()``: ns that count for this category alone, added to
    ``work.spent``; ``span.cpu()``: CPU time since it began, 0 unless the work is sampled.
    """

    __slots__ = ("_before", "_cpu", "_work", "began")

    def __init__(self, work: Work) -> None:
        self._work = work
        self._before = work.spent
        self._cpu = time.thread_time_ns() if work.sampled else 0
        self.began = time.perf_counter_ns()

    def end(self) -> int:
        work = self._work
        took = time.perf_counter_ns() - self.began - (work.spent - self._before)
        work.spent += took
        return took

    def cpu(self) -> int:
        return time.thread_time_ns() - self._cpu if self._work.sampled else 0


def exact(event: dict[str, Any]) -> dict[str, Any]:
    """The exact part of an event (a row of table ``work``): all but measurements and names.

    Entries of a list are in order of what they say: which of two calls that are made at the same
    time ends first, and has the first entry, is no work.
    """

    def kept(value: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            entries = [{k: v for k, v in entry.items() if k not in MEASURED} for entry in value]
            return sorted(entries, key=lambda entry: repr(sorted(entry.items())))
        return value

    return {k: kept(v) for k, v in event.items() if k not in MEASURED and k not in NAMES}


def new_id() -> str:
    """A random span id; from the kernel it would cost a system call each."""
    return f"{_ids.getrandbits(64):016x}"


def trace_of(header: str) -> str:
    """The trace id of a W3C traceparent, "" without it or when it is malformed."""
    found = TRACEPARENT.match(header) if header else None
    return found[1] if found else ""
