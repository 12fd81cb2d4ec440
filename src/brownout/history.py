"""The history: an append-only chain of events, one JSON line each. The caller supplies the file.

An op's invocation is flushed to disk before it acts, its completion after. Each line carries the
hash of the line before it, so that a reader sees where a file was changed by another hand.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from brownout.model import NS, BrownoutError, Event, Kind, Op

GENESIS = "0" * 16
"""The ``prev`` of the first line."""


class CorruptHistory(BrownoutError):
    """A line that is not the torn last one cannot be read, or the chain is broken."""


DEEPEST = 64
"""Levels to which a value may be nested."""


class Unwritable(BrownoutError, ValueError):
    """A value for which a line of the history has no words."""


def digest(line: bytes) -> str:
    """The hash by which the next line names this one (without its newline)."""
    return hashlib.sha256(line).hexdigest()[:16]


def encode(event: Event) -> bytes:
    """One line, without the newline: canonical JSON in ASCII, keys sorted."""
    return json.dumps(asdict(event), sort_keys=True, separators=(",", ":"), allow_nan=False).encode(
        "ascii"
    )


def writable(value: Any, depth: int = 0) -> Any:
    """The value as a line can carry it; half a surrogate pair is told as U+FFFD.

    Raises Unwritable for a number that is not finite, for what is nested more than DEEPEST levels
    deep and for what has no JSON.
    """
    if depth > DEEPEST:
        raise Unwritable(f"it is nested more than {DEEPEST} levels deep; send it flat, or as text")
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case float() if not math.isfinite(value):
            raise Unwritable(f"{value} is no number of JSON; send it as text")
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {writable(str(k)): writable(v, depth + 1) for k, v in value.items()}
        case list() | tuple():
            return [writable(item, depth + 1) for item in value]
    raise Unwritable(f"a {type(value).__name__} has no JSON; send it as text")


def writable_op(op: Op) -> Op:
    """What somebody asks for, so that it can be written; raises Unwritable."""
    return replace(op, actor=writable(op.actor), args=writable(op.args))


class Writer:
    """Appends events to a binary file. Not thread-safe: the drill's loop alone writes.

    ``began`` is the instant (ns since the epoch) from which every event's ``t`` counts.
    """

    def __init__(self, file: BinaryIO, began: int, events: Sequence[Event] = ()) -> None:
        self._file = file
        self._began = began
        self.events: list[Event] = list(events)
        self._prev = digest(encode(self.events[-1])) if self.events else GENESIS

    def seconds(self, at: int) -> float:
        """The ``t`` of an event at this instant (ns)."""
        return round((at - self._began) / NS, 3)

    def append(
        self,
        at: int,
        kind: Kind,
        op: Op,
        value: Mapping[str, Any] | None = None,
        cause: int | None = None,
    ) -> Event:
        """Write one event and flush it to disk; ``value`` defaults to the op's arguments.

        Raises Unwritable, and writes nothing, where JSON has no words for the value.
        """
        event = Event(
            seq=len(self.events) + 1,
            at=at,
            t=self.seconds(at),
            kind=kind,
            actor=op.actor,
            role=op.role,
            name=op.name,
            value=writable(op.args if value is None else value),
            cause=cause,
            prev=self._prev,
        )
        line = encode(event)
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._prev = digest(line)
        self.events.append(event)
        return event


def read(lines: Iterable[bytes], name: str = "history.jsonl") -> list[Event]:
    """The events of a stored history, its chain verified.

    A torn last line (a crash while writing) is left out; anything else raises CorruptHistory with
    the line's number.
    """
    stored = list(lines)
    events: list[Event] = []
    prev = GENESIS
    for number, raw in enumerate(stored, start=1):
        if number == len(stored) and not raw.endswith(b"\n"):
            break
        line = raw.rstrip(b"\n")
        event = _decode(line, number, name)
        if event.prev != prev or event.seq != number:
            raise CorruptHistory(
                f"{name}, line {number}: the chain is broken here "
                "(a line before it was changed, added or removed); use an unchanged copy"
            )
        prev = digest(line)
        events.append(event)
    return events


def _decode(line: bytes, number: int, name: str) -> Event:
    try:
        event = Event(**json.loads(line))
        # Whoever wrote it may have let half a surrogate pair pass, which nobody can print.
        return replace(event, actor=writable(event.actor), value=writable(event.value))
    except (ValueError, TypeError) as error:
        raise CorruptHistory(
            f"{name}, line {number}: not an event ({error}); use an unchanged copy"
        ) from error


def pair(events: Sequence[Event]) -> Iterator[tuple[Event, Event | None]]:
    """Each invocation with its completion (ok, fail or info), None while its outcome is unknown."""
    completions = {e.cause: e for e in events if e.cause is not None and e.kind != "invoke"}
    for event in events:
        if event.kind == "invoke":
            yield event, completions.get(event.seq)


def completed(events: Sequence[Event], *names: str) -> list[tuple[Event, Event]]:
    """The ops of these names that succeeded, as (invoke, ok)."""
    return [(i, c) for i, c in pair(events) if i.name in names and c and c.kind == "ok"]


def deployments(events: Sequence[Event]) -> list[Event]:
    """The completions of all changes of the live system, oldest first, whoever made them."""
    return [c for _, c in pair(events) if c and c.kind == "ok" and c.value.get("deployment")]


def infos(events: Sequence[Event], name: str) -> list[Event]:
    """The ``info`` events of one name, in order."""
    return [e for e in events if e.kind == "info" and e.name == name]


def last_info(events: Sequence[Event], name: str) -> Event | None:
    """The newest ``info`` event of one name."""
    return next((e for e in reversed(events) if e.kind == "info" and e.name == name), None)


def phase(events: Sequence[Event]) -> str:
    """The phase that the drill is in, "boot" before the first event says so."""
    event = last_info(events, "phase")
    return str(event.value["name"]) if event else "boot"
