"""The line between a drill's load generator and a load worker: JSON objects, one a line, over TCP.

worker: {"join": {"version", "play", "token"}}
drill:  {"refused": why}  or  {"welcome": {"seed", "outer", "host", "world"}}
worker: {"clock": t}      drill: {"clock": t, "now": ns}         some rounds, to agree on time
drill:  {"second": {number, start, rate}, "player", "players"}   each second, ahead of it
worker: {"requests": [row, ...]}  every 0.4 s, empty ones too: they say that it lives
worker: {"leaving": true}         drill: {"released": true}      it gets nothing more to play
"""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import time
from pathlib import Path
from typing import Any

from brownout import __version__
from brownout.model import BrownoutError

LARGEST = 64 << 20
"""Bytes of a line; the world of a large shop has some megabytes."""

FIRST = 4 << 10
"""Bytes of the first line, of somebody who is not known yet."""

SILENCE = 4.0
"""Seconds after which a peer that says nothing counts as gone."""

Message = dict[str, Any]


class Lost(ConnectionError):
    """The other end is gone, or talks nonsense."""


class Link:
    """One end. Not for several readers or writers at once."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._buffer = bytearray()

    def send(self, message: Message) -> None:
        """Raises Lost."""
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise Lost(str(error)) from error

    def receive(self, most: int = LARGEST, seconds: float = SILENCE) -> Message:
        """The next message. Raises Lost at the end, after silence, and for what is none."""
        self._socket.settimeout(seconds)
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > most:
                raise Lost("a line is too long")
            try:
                more = self._socket.recv(1 << 16)
            except OSError as error:
                raise Lost(str(error)) from error
            if not more:
                raise Lost("it closed the connection")
            self._buffer += more
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return _parsed(line)

    def close(self) -> None:
        self._socket.close()


def _parsed(line: bytes) -> Message:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Lost("it does not speak JSON") from error
    if not isinstance(found, dict):
        raise Lost("it does not send JSON objects")
    return found


def identity() -> dict[str, str]:
    """What must be the same at both ends: the version, and the code that draws the visits."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in (folder / "visits.py", folder / "arrivals.py", *sorted(folder.glob("*/*.py"))):
        digest.update(path.read_bytes())
    return {"version": __version__, "play": digest.hexdigest()[:12]}


class Clock:
    """The drill's clock, read from here. ``offset``: its time minus ours, in ns."""

    def __init__(self) -> None:
        self.offset = 0
        self._best = sys.maxsize

    def now(self) -> int:
        return time.time_ns() + self.offset

    def compare(self, sent: int, theirs: int) -> None:
        """Their time, in answer to what we sent at ``sent`` (our clock): right within half the
        round trip (RFC 5905), so that only the quicker answers are believed."""
        back = time.time_ns()
        trip = back - sent
        self._best = min(self._best, trip)
        if trip <= 1.5 * self._best:
            # On one machine the clocks are the same, and the difference is all noise.
            offset = theirs - (sent + back) // 2
            self.offset = offset if abs(offset) > trip // 2 else 0


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, a host of IPv6 in brackets. Raises BrownoutError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BrownoutError(f"--join {text}: HOST:PORT is wanted, such as 192.0.2.7:20500")
    return host.strip("[]"), int(port)
