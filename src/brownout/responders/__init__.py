"""Who may play a drill: each responder works with the same ops, through a ``Flight``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from brownout.model import Briefing, Event, Op, Recording


class Flight(Protocol):
    """A running drill as its responder sees it."""

    briefing: Briefing

    @property
    def events(self) -> Sequence[Event]: ...

    @property
    def recording(self) -> Recording: ...

    def seconds(self) -> float:
        """Seconds since the drill began."""
        ...

    def status(self) -> dict[str, Any]:
        """The board: phase, routes, services, alerts, deployments, last events."""
        ...

    def do(self, op: Op) -> Event:
        """Perform an op and wait for its completion (``ok`` or ``fail``).

        Raises BrownoutError when it is refused: bad arguments, wrong phase, drill over.
        """
        ...


class Responder(Protocol):
    """Plays from ``start`` until ``stop``; neither blocks."""

    def start(self, flight: Flight) -> None: ...

    def stop(self) -> None: ...
