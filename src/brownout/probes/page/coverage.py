"""How often each function and block of a page's JavaScript ran: exact, in a visit of its own.

V8 counts in a mode that keeps it from optimising, so times of such a visit mean nothing.
https://chromedevtools.github.io/devtools-protocol/tot/Profiler/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from brownout.probes.page.cdp import Browser
from brownout.probes.page.visit import Request, opened, tab

HASH = re.compile(r"[-.][A-Za-z0-9_-]{8,}(?=\.\w+$)")


@dataclass(frozen=True, slots=True)
class Module:
    """One script: functions and blocks that it has, how many ran, and how often in all."""

    name: str
    functions: int
    called: int
    calls: int
    blocks: int
    entered: int
    entries: int
    bytes: int


def coverage(browser: Browser, request: Request) -> tuple[list[Module], dict[str, int], str]:
    """(modules, "module function@offset" -> calls, error) of one visit. Raises BrowserAway."""
    with tab(browser) as session:
        browser.call("Profiler.enable", session)
        browser.call("Profiler.startPreciseCoverage", session, callCount=True, detailed=True)
        _, error = opened(browser, session, request)
        if error:
            return [], {}, error
        result = browser.call("Profiler.takePreciseCoverage", session)["result"]
    return *counted(result), ""


def counted(scripts: list[dict[str, Any]]) -> tuple[list[Module], dict[str, int]]:
    """V8's answer by module, the most calls first; without scripts that have no address. Pure."""
    modules, functions = [], {}
    for script in scripts:
        if not script["url"].startswith(("http:", "https:")):
            continue
        name = module(script["url"])
        ranges = [r for f in script["functions"] for r in f["ranges"]]
        outer = [(f["functionName"], f["ranges"][0]) for f in script["functions"]]
        for function, whole in outer:
            if whole["count"]:
                functions[f"{name} {function or 'anonymous'}@{whole['startOffset']}"] = int(
                    whole["count"]
                )
        modules.append(
            Module(
                name,
                len(outer),
                sum(r["count"] > 0 for _, r in outer),
                sum(r["count"] for _, r in outer),
                len(ranges),
                sum(r["count"] > 0 for r in ranges),
                sum(r["count"] for r in ranges),
                max((r["endOffset"] for r in ranges), default=0),
            )
        )
    return sorted(modules, key=lambda m: (-m.calls, m.name)), functions


def module(url: str) -> str:
    """A script's path without the hash of its build: "/assets/Book-a1b2c3d4.js" -> Book.js."""
    return HASH.sub("", urlsplit(url).path).removeprefix("/")
