"""What came of a request, and what a browser reads out of an answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

NAMED = re.compile(r'(?:src|href)="(/assets/[^"]+)"')

PAGE = re.compile(r"src/pages/(\w+)\.tsx")

IMAGES = (".svg", ".png", ".jpg", ".webp", ".avif")

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


def parts_of(manifest: Mapping[str, Any], known: Collection[str]) -> dict[str, list[str]]:
    """Page -> the scripts and styles that it needs beyond the known ones, by Vite's manifest:
    {"Book": ["/assets/Book-x.js", ...]} for a module ``src/pages/Book.tsx``."""
    found = {}
    for module in manifest:
        if page := PAGE.fullmatch(module):
            files = {f"/{file}": None for file in _files(manifest, module, set())}
            found[page[1]] = [file for file in files if file not in known]
    return found


def images_of(manifest: Mapping[str, Any]) -> list[str]:
    """The images of Vite's manifest, in order."""
    named = {f"/{file}" for entry in manifest.values() for file in entry.get("assets", ())}
    return sorted(file for file in named if file.endswith(IMAGES))


def _files(manifest: Mapping[str, Any], module: str, seen: set[str]) -> Iterator[str]:
    """The files of a module and of all that it imports."""
    if module in seen:
        return
    seen.add(module)
    entry = manifest[module]
    yield from (entry["file"], *entry.get("css", ()))
    for other in entry.get("imports", ()):
        yield from _files(manifest, other, seen)


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
