"""One visit of a page by somebody who was never there: what it took, weighs and answered."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from brownout.probes.page.browser import Traffic
from brownout.probes.page.cdp import Browser, BrowserAway, Event
from brownout.probes.page.watch import CHOOSE, READ, SETTLED, WATCH

DOMAINS = ("Page", "Network", "Runtime", "Inspector")
ANSWER = 1.0
"""Seconds in which an interaction has to be measured."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to visit: ``limit`` seconds for the page to be done; ``interact``: a CSS selector."""

    page: str
    address: str
    limit: float = 12.0
    interact: str = ""


@dataclass
class Visit:
    """What was seen. ``vitals``: ms each, CLS apart, None where the browser told none."""

    page: str
    error: str = ""
    note: str = ""
    vitals: dict[str, float | None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    pressed: str = ""


class Traffics(Traffic):
    """What a page fetches, by type; the document's status; whether the page's process died.

    ``navigation``: the id of the command that opens it, whose answer waits for the document.
    """

    navigation = 0

    def __init__(self) -> None:
        super().__init__()
        self.kinds: dict[str, str] = {}
        self.by_kind: Counter[str] = Counter()
        self.sizes: Counter[str] = Counter()
        self.status = 0
        self.crashed = False
        self.error = ""

    def hear(self, event: Event) -> None:
        super().hear(event)
        method, params = event.get("method", ""), event.get("params", {})
        if event.get("id") == self.navigation:
            refused = event.get("error", {}).get("message", "")
            self.error = event.get("result", {}).get("errorText", refused)
        elif method == "Inspector.targetCrashed":
            self.crashed = True
        elif method == "Page.javascriptDialogOpening":
            self.error = f"the page waits for an answer ({params['type']}: {params['message']})"
        elif method == "Network.requestWillBeSent":
            if not params["request"]["url"].startswith("data:"):
                self.kinds[params["requestId"]] = params.get("type", "Other")
                self.by_kind[params.get("type", "Other")] += 1
        elif method == "Network.responseReceived" and params.get("type") == "Document":
            self.status = self.status or int(params["response"]["status"])
        elif method == "Network.loadingFinished":
            kind = self.kinds.get(params["requestId"], "Other")
            self.sizes[kind] += int(params.get("encodedDataLength", 0))


@contextmanager
def tab(browser: Browser) -> Iterator[str]:
    """A new tab with an empty cache and no cookies; its session. Raises BrowserAway."""
    context = browser.call("Target.createBrowserContext")["browserContextId"]
    try:
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        session = attached["sessionId"]
        for domain in DOMAINS:
            browser.call(f"{domain}.enable", session)
        yield session
    finally:
        browser.call("Target.disposeBrowserContext", browserContextId=context)
        browser.events.clear()


def opened(browser: Browser, session: str, request: Request) -> tuple[Traffics, str]:
    """Open the page and wait until it fetches nothing more; why there is none to look at."""
    traffic, until = Traffics(), time.monotonic() + request.limit
    traffic.navigation = browser.send("Page.navigate", session, url=request.address)
    while not (traffic.error or traffic.quiet or traffic.crashed) and time.monotonic() < until:
        browser.listen(traffic.hear, 0.1)
    if traffic.error:  # a crash ends the navigation, too, and is told after it
        browser.listen(traffic.hear, 0.2)
    if traffic.crashed:
        return traffic, "the page crashed its tab"
    if not traffic.error and not traffic.loaded:
        traffic.error = f"the page was not loaded within {request.limit:g} s"
    elif not traffic.error and traffic.status >= 400:
        traffic.error = f"the page answers with status {traffic.status}"
    return traffic, traffic.error


def visit(browser: Browser, request: Request) -> Visit:
    """Open a page, read it, press something. Raises BrowserAway when the browser itself is gone."""
    seen = Visit(request.page)
    with tab(browser) as session:
        try:
            _look(browser, session, request, seen)
        except BrowserAway as error:
            browser.call("Browser.getVersion")
            seen.error = f"the page does not answer ({error}): its code may never end"
    return seen


def _look(browser: Browser, session: str, request: Request, seen: Visit) -> None:
    browser.call("Page.addScriptToEvaluateOnNewDocument", session, source=WATCH)
    traffic, seen.error = opened(browser, session, request)
    if seen.error:
        return
    if not traffic.quiet:
        seen.note = f"still fetched something after {request.limit:g} s"
    if traffic.failed:
        seen.note = f"{traffic.failed} of {traffic.requests} requests failed"
    seen.requests, seen.bytes = dict(traffic.by_kind), dict(traffic.sizes)
    read = evaluate(browser, session, READ)
    names = ("ttfb", "fcp", "lcp", "cls", "loaded", "busy", "blocked")
    seen.vitals = {name: read.get(name) for name in names}
    seen.counts = {"elements": read["elements"], "long tasks": read["tasks"]}
    browser.call("HeapProfiler.collectGarbage", session)
    counters = browser.call("Memory.getDOMCounters", session)
    seen.counts |= {k: counters[k] for k in ("nodes", "jsEventListeners", "documents")}
    _press(browser, session, request.interact, seen)


def _press(browser: Browser, session: str, selector: str, seen: Visit) -> None:
    """A real interaction: a press of the mouse, and of a key in a field; ``inp`` is the slowest."""
    place = evaluate(browser, session, CHOOSE % json.dumps(selector))
    seen.pressed = place["what"]
    if not place["what"]:
        seen.note = f"{selector} names nothing that can be pressed"
        return
    at = {"x": place["x"], "y": place["y"], "button": "left", "clickCount": 1}
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", session, type=kind, **at)
    if place["types"]:
        key = {"key": "a", "code": "KeyA", "windowsVirtualKeyCode": 65}
        browser.call("Input.dispatchKeyEvent", session, type="keyDown", text="a", **key)
        browser.call("Input.dispatchKeyEvent", session, type="keyUp", **key)
    until = time.monotonic() + ANSWER
    read: dict[str, Any] = {}
    while not read.get("events") and time.monotonic() < until:
        evaluate(browser, session, SETTLED)
        read = evaluate(browser, session, READ)
    seen.vitals["inp"] = read.get("inp")


def evaluate(browser: Browser, session: str, expression: str) -> dict[str, Any]:
    """What an expression is, once its promise is kept; {} when it is no object."""
    answer = browser.call(
        "Runtime.evaluate", session, expression=expression, returnByValue=True, awaitPromise=True
    )
    return answer.get("result", {}).get("value") or {}
