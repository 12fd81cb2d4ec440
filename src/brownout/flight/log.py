"""The history as a running drill writes it: each event is told to whoever looks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brownout import history
from brownout.model import Event, Kind, Op


class Log:
    """Written by the loop's thread alone; read from any."""

    def __init__(self, writer: history.Writer, tell: Callable[[Event], None]) -> None:
        self._writer = writer
        self._tell = tell

    @property
    def events(self) -> Sequence[Event]:
        return self._writer.events

    def seconds(self) -> float:
        """Seconds since the drill began, by the clock of the history."""
        return self._writer.seconds(time.time_ns())

    def info(self, name: str, /, **value: Any) -> None:
        """Write that something came to pass."""
        self.write("info", Op("control", "bridge", name), value)

    def write(
        self, kind: Kind, op: Op, value: Mapping[str, Any] | None = None, cause: int | None = None
    ) -> Event:
        """Write an event of an op; ``cause``: the invocation that it completes."""
        event = self._writer.append(time.time_ns(), kind, op, value, cause)
        self._tell(event)
        return event
