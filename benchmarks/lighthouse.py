"""Lighthouse's performance score of the shop's pages: the median of five, for a phone.

    .venv/bin/python benchmarks/lighthouse.py [URL of a running shop]

Advisory: scores move with the machine's load. A page's figures are void when Lighthouse's own
benchmark of the machine (benchmarkIndex) drifted between its runs. Needs Chromium; Lighthouse is
installed into the cache folder on first use (some 90 MB).
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brownout import store
from brownout.probes.page import lighthouse
from brownout.probes.page.browser import throwaway
from brownout.stack.services.browser import find_chromium
from brownout.stack.stack import Places, Stack

PAGES = {"home": "/", "book": "/books/7", "browse": "/books"}
RUNS = 5
DRIFT = 0.25
"""The largest spread of benchmarkIndex, as a share of its median, that still counts as quiet."""

CATEGORIES = "performance,accessibility,best-practices,seo"
AUDITS = ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")


@contextlib.contextmanager
def running_shop() -> Iterator[str]:
    """The URL of a shop with the small data, started now and stopped afterwards."""
    run = Path(tempfile.mkdtemp(prefix="brownout-lighthouse-"))
    places = Places(run, run.name, store.assets() / "shop", store.cache_folder(), "small")
    stack = Stack(places, print, print)
    try:
        stack.start(lambda releases, tag: None)
        yield stack.web.url
    finally:
        stack.stop()
        shutil.rmtree(run, ignore_errors=True)


def look(program: Path, url: str) -> dict[str, Any]:
    """One run, in a browser of its own: Lighthouse's own report."""
    with throwaway(find_chromium()) as (_, port):
        return lighthouse.look(program, url, port, CATEGORIES)


def summary(name: str, reports: list[dict[str, Any]]) -> str:
    def median(values: list[float]) -> float:
        return statistics.median(values)

    machine = [r["environment"]["benchmarkIndex"] for r in reports]
    quiet = (max(machine) - min(machine)) / median(machine) <= DRIFT
    scores = [r["categories"]["performance"]["score"] * 100 for r in reports]
    cells = [f"{median(scores):.0f} [{min(scores):.0f}-{max(scores):.0f}]"]
    cells += [f"{median([r['audits'][a]['numericValue'] for r in reports]):.3g}" for a in AUDITS]
    cells += [
        f"{median([(r['categories'][c]['score'] or 0) * 100 for r in reports]):.0f}"
        for c in ("accessibility", "best-practices", "seo")
    ]
    cells += [f"{median(machine):.0f}", "" if quiet else "void: the machine was not quiet"]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> int:
    program = lighthouse.install(store.cache_folder())
    given = sys.argv[1:2]
    with contextlib.nullcontext(given[0]) if given else running_shop() as shop:
        print("| page | performance | LCP ms | TBT ms | CLS | a11y | practices | SEO | machine | |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for name, path in PAGES.items():
            print(summary(name, [look(program, shop + path) for _ in range(RUNS)]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
