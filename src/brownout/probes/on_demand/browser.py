"""Pages in a real Chromium: web vitals, what they fetch, the DOM, the JavaScript that ran."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urljoin, urlsplit

from brownout.model import BrownoutError, MachineError, masked
from brownout.probes.page import lighthouse as auditor
from brownout.probes.page.browser import PAGES, address, throwaway
from brownout.probes.page.cdp import Browser
from brownout.probes.page.coverage import Module, coverage
from brownout.probes.page.visit import Request, Visit, visit
from brownout.probes.terms import Found, Site, Table
from brownout.stack.services.browser import find_chromium
from brownout.stats.quantiles import quantile_interval

EXAMPLE = "brownout probe browser --url http://127.0.0.1:8000 --pages /,/books/7 --visits 9"
LIMIT = 900.0
MOST = 100
"""Visits of each page, at most."""

VITALS = (
    ("lcp", "LCP", "ms"), ("inp", "INP", "ms"), ("cls", "CLS", ""), ("ttfb", "TTFB", "ms"),
    ("fcp", "FCP", "ms"), ("loaded", "load event", "ms"), ("busy", "in long tasks", "ms"),
    ("blocked", "of them beyond 50 ms each", "ms"),
)  # fmt: skip

Pages = dict[str, list[Visit]]
Ran = dict[str, tuple[list[Module], list[Module], dict[str, int]]]
"""Page -> (modules of one visit, of a second, "module function@offset" -> calls of the first)."""


def probe(
    site: Site,
    out: Path,
    seconds: float = 12,
    pages: Annotated[str, "paths to open, with commas between"] = "",
    visits: Annotated[int, "visits of each page"] = 5,
    interact: Annotated[str, "CSS selector of what is pressed, else a field or menu"] = "",
    coverage: Annotated[bool, "count JavaScript's functions and blocks, too"] = True,
    lighthouse: Annotated[bool, "run Lighthouse, too (installed with npm on first use)"] = False,
) -> Found:
    """LCP, INP, CLS, TTFB, long tasks, requests, DOM and JavaScript of pages in a real Chromium.

    A page may take --seconds to be done. Each visit has an empty cache and presses something, for
    real. JavaScript is counted in visits of their own.
    """
    if not 1 <= visits <= MOST:
        raise BrownoutError(f"--visits {visits}: from 1 to {MOST}")
    url = site.need("url", "--url")
    # Of the shop that runs: the pages that its visitor opens.
    known = [address(page) for page in PAGES] if site.run else []
    wanted = _requests(url, pages.split(",") if pages else known, seconds, interact)
    program = find_chromium()
    tool = auditor.install(site.kept) if lighthouse else None
    notes: list[str] = []
    with throwaway(program) as (browser, port):
        seen = {r.page: [visit(browser, r) for _ in range(visits)] for r in wanted}
        ran = {r.page: _ran(browser, r, notes) for r in wanted} if coverage else {}
        reports = {r.page: auditor.look(tool, r.address, port) for r in wanted} if tool else {}
    good = _failures(seen, notes)
    tables = [_vitals(seen), _requested(seen), _document(seen)]
    tables += [_modules(ran)] if coverage else []
    tables += [_audited(reports)] if reports else []
    notes += _warned(reports)
    return Found(tables, [_written(out, seen, ran, reports)], notes, good)


def _requests(url: str, pages: Sequence[str], seconds: float, interact: str) -> list[Request]:
    """What to visit: these paths, else the address as it is."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, brackets that are no address
        good = False
    if not good:
        raise BrownoutError(
            f"--url {masked(url)}: wanted is http://host/path or https://host:port/path"
        )
    named = [page.strip() for page in pages if page.strip()]
    if wrong := next((page for page in named if not page.startswith("/")), ""):
        raise BrownoutError(f"--pages {wrong}: a path begins with /")
    if not named and parts.path in ("", "/"):
        named = ["/"]
    limit = max(seconds, 1.0)
    return [Request(p, urljoin(url, p), limit, interact) for p in named] or [
        Request(parts.path, url, limit, interact)
    ]


def _ran(
    browser: Browser, request: Request, notes: list[str]
) -> tuple[list[Module], list[Module], dict[str, int]]:
    """The counts of two visits: what differs is not the code's alone."""
    first, second = coverage(browser, request), coverage(browser, request)
    if error := first[2] or second[2]:
        notes.append(f"{request.page}: JavaScript was not counted: {error}")
    elif first != second:
        other = {n for n in first[1].keys() | second[1] if first[1].get(n) != second[1].get(n)}
        some = ", ".join(sorted(other)[:3]) or "their blocks alone"
        notes.append(
            f"{request.page}: {len(other)} functions ran another number of times on a second visit "
            f"({some}): timers, or when and what the page was answered"
        )
    return first[0], second[0], first[1]


def _failures(seen: Pages, notes: list[str]) -> bool:
    """Note what went wrong; whether each page was seen. MachineError when none was at all."""
    failed = {page: [v.error for v in visits if v.error] for page, visits in seen.items()}
    for page, visits in seen.items():
        for words in sorted({v.error or v.note for v in visits} - {""}):
            count = sum(words in (v.error, v.note) for v in visits)
            notes.append(f"{page}: {words} ({count} of {len(visits)} visits)")
    if all(len(failed[page]) == len(visits) for page, visits in seen.items()):
        page, errors = next(iter(failed.items()))
        raise MachineError(f"no page could be seen; {page}: {errors[0]}")
    pressed = sorted({f"{v.page}: {v.pressed}" for vs in seen.values() for v in vs if v.pressed})
    notes.append(f"INP is that of a press on: {'; '.join(pressed)}")
    if any(v.vitals.get("inp") is None for vs in seen.values() for v in vs if not v.error):
        notes.append("INP: Chromium told none for some presses (a crash, or a page that went)")
    return not any(failed.values())


def _row(page: str, name: str, unit: str, values: Sequence[float]) -> tuple[Any, ...]:
    """Median with its 95% interval (order statistics: with few visits the least and the most)."""
    median, low, high = quantile_interval(values, 0.5)
    return page, name, median, low, high, unit, len(values)


FIGURES = (
    ("page", ""), ("what", ""), ("median", ""), ("low", ""), ("high", ""), ("unit", ""),
    ("visits", ""),
)  # fmt: skip


def _rows(seen: Pages, name: str, unit: str, read: Callable[[Visit], float | None]) -> list[Any]:
    found = []
    for page, visits in seen.items():
        values = [v for one in visits if not one.error and (v := read(one)) is not None]
        found += [_row(page, name, unit, values)] if values else []
    return found


def _vitals(seen: Pages) -> Table:
    rows = [
        row
        for key, name, unit in VITALS
        for row in _rows(seen, name, unit, lambda v, key=key: v.vitals.get(key))  # type: ignore[misc]
    ]
    rows += _rows(seen, "long tasks", "", lambda v: v.counts["long tasks"])
    return Table("vitals", FIGURES, sorted(rows, key=lambda row: list(seen).index(row[0])))


def _requested(seen: Pages) -> Table:
    rows = []
    for page, visits in seen.items():
        whole = [v for v in visits if not v.error]
        for kind in sorted({kind for v in whole for kind in v.requests}):
            counts = [v.requests.get(kind, 0) for v in whole]
            sizes = [v.bytes.get(kind, 0) for v in whole]
            rows.append(
                (page, kind, statistics.median(counts), min(counts), max(counts),
                 statistics.median(sizes), min(sizes), max(sizes))
            )  # fmt: skip
    columns = (
        ("page", ""), ("type", ""), ("requests", ""), ("least", ""), ("most", ""),
        ("transferred", "bytes"), ("least", "bytes"), ("most", "bytes"),
    )  # fmt: skip
    return Table("requests by type", columns, rows)


def _document(seen: Pages) -> Table:
    names = ("elements", "nodes", "jsEventListeners", "documents")
    rows = [
        row
        for name in names
        for row in _rows(seen, name, "", lambda v, name=name: v.counts[name])  # type: ignore[misc]
    ]
    return Table("DOM", FIGURES, sorted(rows, key=lambda row: list(seen).index(row[0])))


def _modules(ran: Ran) -> Table:
    rows = [
        (
            page,
            m.name,
            m.functions,
            m.called,
            m.calls,
            m.blocks,
            m.entered,
            m.entries,
            m.bytes,
            "yes" if m in again else "no",
        )
        for page, (modules, again, _) in ran.items()
        for m in modules
    ]
    columns = (
        ("page", ""), ("module", ""), ("functions", ""), ("called", ""), ("calls", ""),
        ("blocks", ""), ("entered", ""), ("entries", ""), ("source", "characters"),
        ("the same twice", ""),
    )  # fmt: skip
    return Table("JavaScript (exact counts)", columns, rows)


def _audited(reports: dict[str, dict[str, Any]]) -> Table:
    audits = ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
    rows = [
        (
            page,
            _score(report),
            *(report["audits"][name].get("numericValue") for name in audits),
            report["environment"]["benchmarkIndex"],
        )
        for page, report in reports.items()
    ]
    columns = (
        ("page", ""), ("score", "of 100"), ("LCP", "ms"), ("TBT", "ms"), ("CLS", ""),
        ("machine", "benchmarkIndex"),
    )  # fmt: skip
    return Table("Lighthouse, one run of each (a slow phone, simulated; advisory)", columns, rows)


def _score(report: dict[str, Any]) -> float | None:
    """Of 100; None where Lighthouse gave none."""
    score = report["categories"]["performance"]["score"]
    return None if score is None else 100 * score


def _warned(reports: dict[str, dict[str, Any]]) -> list[str]:
    """What Lighthouse says against its own runs: a score of a slow machine looks like any other."""
    notes = []
    for page, report in reports.items():
        failed = (report.get("runtimeError") or {}).get("message")
        said = [*report.get("runWarnings", ()), *([failed] if failed else [])]
        notes += [f"{page}: Lighthouse warns: {' '.join(str(text).split())}" for text in said]
    return notes


def _written(out: Path, seen: Pages, ran: Ran, reports: dict[str, dict[str, Any]]) -> Path:
    """Each visit, each function that ran with its calls, and Lighthouse's reports."""
    told = {
        "at": time.time_ns(),
        "visits": {page: [asdict(v) for v in visits] for page, visits in seen.items()},
        "functions": {page: functions for page, (_, _, functions) in ran.items()},
        "lighthouse": reports,
    }
    file = out / "browser.json"
    file.write_text(json.dumps(told, indent=1))
    return file
