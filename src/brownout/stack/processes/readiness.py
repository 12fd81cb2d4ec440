"""How to see from outside that a process does its work."""

from __future__ import annotations

import http.client
import urllib.parse
from collections.abc import Callable
from pathlib import Path


def answers(url: str, timeout: float = 2.0) -> Callable[[], bool]:
    """A check: does GET of this http URL give 200 within ``timeout`` seconds?"""
    parts = urllib.parse.urlsplit(url)

    def check() -> bool:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        try:
            connection.request("GET", parts.path or "/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def says(log: Path, text: str) -> Callable[[], bool]:
    """A check: was ``text`` written to the log after this call?"""
    start = log.stat().st_size if log.exists() else 0

    def check() -> bool:
        if not log.exists():
            return False
        with log.open("rb") as file:
            file.seek(start)
            return text.encode() in file.read()

    return check
