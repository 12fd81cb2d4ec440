"""A pseudo-terminal that a program draws on, and what it has drawn."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
import threading

CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
HOME = "\x1b[H"


class Terminal:
    """Of a width and a height; ``slave`` is given to a program as its stderr, say."""

    def __init__(self, width: int, height: int) -> None:
        self._master, self.slave = pty.openpty()
        self._written = b""
        self.resize(width, height)
        threading.Thread(target=self._read, daemon=True).start()

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while text := os.read(self._master, 1 << 16):
                self._written += text

    def text(self) -> str:
        """All that was written, without control sequences."""
        return CONTROLS.sub("", self.raw())

    def raw(self) -> str:
        return self._written.decode(errors="replace").replace("\r\n", "\n")

    def page(self) -> list[str]:
        """The lines of the last page that was drawn whole; none before."""
        pages = self.raw().split(HOME)[1:-1]
        return CONTROLS.sub("", pages[-1]).split("\n") if pages else []

    def close(self) -> None:
        os.close(self.slave)
