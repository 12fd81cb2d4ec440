"""What came of a request, and what a browser reads out of an answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

NAMED = re.compile(r'(?:src|href)="(/assets/[^"]+)"')

KEPT = ("sessionid",)
"""Cookies that a browser takes from the answer to a login."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: HTTP status (0: no whole answer), bytes, what went wrong.

    ``headers_at`` (ns): when the answer's headers were there, None without them. ``assets``: those
    that a page names; ``cookies``: those that a login gave.
    """

    status: int
    size: int = 0
    error: str = ""
    headers_at: int | None = None
    assets: tuple[str, ...] = ()
    cookies: Mapping[str, str] = field(default_factory=dict)


def finished(stream: bytes) -> bool:
    """Whether a stream of events came to its proper end: its last event says that it is done."""
    events = [line for line in stream.splitlines() if line.startswith(b"data:")]
    return bool(events) and b'"done"' in events[-1]


def assets_of(document: str) -> list[str]:
    """The scripts and styles that a page names, in its order."""
    return NAMED.findall(document)


def cookies_of(lines: list[str]) -> dict[str, str]:
    """The cookies to keep of an answer's Set-Cookie lines."""
    found: dict[str, str] = {}
    for line in lines:
        try:
            jar = SimpleCookie(line)
        except CookieError:
            continue
        found |= {name: jar[name].value for name in KEPT if name in jar}
    return found
