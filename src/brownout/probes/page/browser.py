"""The real-browser visitor: opens pages in Chromium, each as a newcomer, and records what it saw.

    BROWNOUT_TOKEN=... python -m brownout.probes.page.browser --chromium /usr/bin/chromium \\
        --url http://127.0.0.1:8000 --collector http://127.0.0.1:4318 --profile DIR
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from brownout.collector.client import Client, CollectorAway
from brownout.model import BrownoutError, MachineError
from brownout.probes.page.cdp import Browser, BrowserAway, Event

EVERY = 10.0
"""Seconds between two visits."""

PAGES = ("/", "/books", "/books/{id}", "/search")
"""What is opened, whatever is promised."""

QUERIES = {"/search": "?q=river"}
"""Pages that show nothing without one."""

QUIET, LONGEST = 0.6, 12.0
"""A page is done when nothing was fetched for so long (s), or has had its time."""

GRACE = 3.0
"""Seconds that its processes have to end."""

START = 15.0
"""Seconds that the browser has to start."""

FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-dev-shm-usage", "--no-proxy-server",
    "--remote-debugging-port=0",
)  # fmt: skip

WATCH = """
window.__seen = {lcp: null, cls: 0, tasks: 0};
const watch = (type, see) => new PerformanceObserver(
  list => list.getEntries().forEach(see)).observe({type, buffered: true});
watch('largest-contentful-paint', e => { window.__seen.lcp = e.startTime; });
watch('layout-shift', e => { if (!e.hadRecentInput) window.__seen.cls += e.value; });
watch('longtask', () => { window.__seen.tasks += 1; });
"""
READ = """(() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  return {...window.__seen, fcp: paint ? paint.startTime : null,
    ttfb: performance.getEntriesByType('navigation')[0].responseStart,
    elements: document.getElementsByTagName('*').length};
})()"""


class Traffic:
    """What a page fetches, from the browser's events."""

    def __init__(self) -> None:
        self.requests = self.bytes = self.failed = 0
        self.under_way: set[str] = set()
        self.loaded = False
        self.changed = time.monotonic()

    def hear(self, event: Event) -> None:
        method, params = event.get("method", ""), event.get("params", {})
        if method == "Network.requestWillBeSent":
            if not params["request"]["url"].startswith("data:"):
                self.requests += 1
                self.under_way.add(params["requestId"])
        elif method in ("Network.loadingFinished", "Network.loadingFailed"):
            self.bytes += int(params.get("encodedDataLength", 0))
            self.failed += method.endswith("Failed")
            self.under_way.discard(params["requestId"])
        elif method == "Page.loadEventFired":
            self.loaded = True
        else:
            return
        self.changed = time.monotonic()

    @property
    def quiet(self) -> bool:
        calm = time.monotonic() - self.changed > QUIET
        return self.loaded and not self.under_way and calm


def visit(browser: Browser, page: str, address: str) -> dict[str, Any]:
    """Open a page with an empty cache and read it: a row of ``pages``. Raises BrowserAway."""
    context = browser.call("Target.createBrowserContext")["browserContextId"]
    try:
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        return _look(browser, attached["sessionId"], page, address)
    finally:
        browser.call("Target.disposeBrowserContext", browserContextId=context)
        browser.events.clear()


def _look(browser: Browser, session: str, page: str, address: str) -> dict[str, Any]:
    for domain in ("Page", "Network", "Runtime"):
        browser.call(f"{domain}.enable", session)
    browser.call("Page.addScriptToEvaluateOnNewDocument", session, source=WATCH)
    ts, traffic = time.time_ns(), Traffic()
    error = browser.call("Page.navigate", session, url=address).get("errorText", "")
    deadline = time.monotonic() + LONGEST
    while not error and not traffic.quiet and time.monotonic() < deadline:
        browser.listen(traffic.hear, 0.1)
    answer = browser.call("Runtime.evaluate", session, expression=READ, returnByValue=True)
    seen = answer.get("result", {}).get("value") or {}
    if traffic.failed and not error:
        error = f"{traffic.failed} requests failed"
    if not error and not traffic.quiet:
        error = f"not done after {LONGEST:g} s"
    return row(ts, page, seen, traffic, error)


def row(ts: int, page: str, seen: dict[str, Any], traffic: Traffic, error: str) -> dict[str, Any]:
    """What was seen of a page as a row of ``pages``."""

    def ns(name: str) -> int | None:
        value = seen.get(name)
        return None if value is None or error else round(value * 1e6)

    return {
        "ts": ts,
        "page": page,
        "lcp": ns("lcp"),
        "fcp": ns("fcp"),
        "ttfb": ns("ttfb"),
        "cls": float(seen.get("cls") or 0.0),
        "long_tasks": int(seen.get("tasks") or 0),
        "elements": int(seen.get("elements") or 0),
        "requests": traffic.requests,
        "bytes": traffic.bytes,
        "error": error,
    }


@contextlib.contextmanager
def chromium(program: str, profile: Path) -> Iterator[Browser]:
    """A browser with a new profile. Raises MachineError when it does not start."""
    port = profile / "DevToolsActivePort"
    port.unlink(missing_ok=True)
    # As root Chromium runs without its sandbox or not at all; it opens our own pages alone.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    argv = [program, *FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
        try:
            browser = Browser(_address(port, process))
            try:
                yield browser
            finally:
                browser.close()
        finally:
            own = _processes(process.pid, profile)
            process.terminate()
            # Its helpers end after it, and write into the profile until they do.
            for left in psutil.wait_procs(list(own), timeout=GRACE)[1]:
                with contextlib.suppress(psutil.Error):
                    left.kill()
            _forget_socket(profile)


def _forget_socket(profile: Path) -> None:
    """Remove the folder of its socket, which Chromium leaves when a signal ends it."""
    names = ("SingletonSocket", "SingletonCookie")
    with contextlib.suppress(OSError):
        folder = (profile / names[0]).readlink().parent
        for name in names:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _processes(pid: int, profile: Path) -> set[psutil.Process]:
    """All processes of the browser with this profile: some have left its family."""
    words = {f"--user-data-dir={profile}", f"--database={profile}/Crash Reports"}
    named = (p for p in psutil.process_iter(["cmdline"]) if words & set(p.info["cmdline"] or ()))
    found = set(named)
    with contextlib.suppress(psutil.Error):
        found |= set(psutil.Process(pid).children(recursive=True))
    return found


@contextlib.contextmanager
def throwaway(program: str) -> Iterator[tuple[Browser, int]]:
    """A browser whose profile goes with it, and its port. MachineError also when it goes away."""
    folder = tempfile.TemporaryDirectory(prefix="brownout-browser-", ignore_cleanup_errors=True)
    with folder as made:
        profile = Path(made)
        try:
            with chromium(program, profile) as browser:
                yield browser, int((profile / "DevToolsActivePort").read_text().split()[0])
        except BrowserAway as error:
            raise MachineError(f"Chromium went away ({error}): is there memory enough?") from error


def _address(file: Path, process: subprocess.Popen[bytes]) -> str:
    """Where the browser listens: it writes port and path down when it does."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            port, path = file.read_text().split()
            return f"ws://127.0.0.1:{int(port)}{path}"
        time.sleep(0.05)
    code = process.poll()
    said = f"did not start within {START:g} s" if code is None else f"ended with code {code}"
    raise MachineError(f"Chromium {said}: try it by hand")


def round_of(promised: Sequence[str]) -> list[str]:
    """One round of visits: all that is promised between any two others, to be seen often enough."""
    others = [page for page in PAGES if page not in promised]
    return [page for other in others for page in (*promised, other)] or list(promised)


def address(page: str) -> str:
    """The path to open: "/books/{id}" -> "/books/1"."""
    return re.sub(r"\{\w+\}", "1", page) + QUERIES.get(page, "")


def visits(browser: Browser, url: str, client: Client, promised: Sequence[str]) -> None:
    """Page after page, for ever. Raises BrowserAway."""
    for page in itertools.cycle(round_of(promised)):
        began = time.monotonic()
        found = visit(browser, page, url + address(page))
        # While the collector is away there is nobody to tell; the next visit comes soon.
        with contextlib.suppress(CollectorAway, BrownoutError):
            client.post("pages", [found])
        time.sleep(max(EVERY - (time.monotonic() - began), 0.0))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Visit the shop's pages with a real browser.")
    parser.add_argument("--chromium", required=True, help="the browser's program")
    parser.add_argument("--url", required=True, help="the shop")
    parser.add_argument("--collector", required=True, help="where pages are recorded")
    parser.add_argument("--profile", type=Path, required=True, help="a folder for its profile")
    parser.add_argument(
        "--promised", action="append", default=[], help="a page to open oftener than others"
    )
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    client = Client(args.collector, os.environ["BROWNOUT_TOKEN"])
    try:
        with chromium(args.chromium, args.profile) as browser:
            visits(browser, args.url, client, args.promised)
    except (BrowserAway, BrownoutError) as error:
        print(f"the browser is gone: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
