"""What a drill acts on, and what reaches its loop from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from brownout.model import Event, Op, Recording
from brownout.site.observer import Seen


@dataclass(frozen=True, slots=True)
class World:
    """What the loop acts on; each call may take seconds and may raise BrownoutError.

    ``progress`` tells at once in which step it is that is being performed, "" between two.
    ``practice``: promises that do not hold in calm traffic are a warning, not the end.
    """

    boot: Callable[[], Mapping[str, Any]]
    perform: Callable[[Op], Mapping[str, Any]]
    watch: Callable[[Callable[[Seen], None]], None]
    recording: Callable[[], Recording]
    declared: Mapping[str, tuple[float, float]]
    calibrated: Mapping[str, float] = field(default_factory=dict)
    pages: Mapping[str, float] = field(default_factory=dict)
    progress: Callable[[], str] = lambda: ""
    practice: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants an op, and waits."""

    op: Op
    answer: Future[Event]


@dataclass(frozen=True, slots=True)
class Finished:
    """What took time is done; without ``invoke`` it was the boot."""

    invoke: Event | None
    op: Op
    value: Mapping[str, Any]
    error: BaseException | None
    answer: Future[Event]


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that nobody asked for: a process died or came back."""

    name: str
    value: Mapping[str, Any]


Message = Asked | Finished | Noticed | Seen
