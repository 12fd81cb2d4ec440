"""The real-browser visitor: what it sees of a page, and what it makes of the browser's events."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from brownout.model import MachineError
from brownout.probes.page import browser
from brownout.stack.services import browser as finding

PAGE = b"""<!doctype html><title>t</title><link rel="icon" href="data:,"><h1>Quayside</h1>
<script src="/assets/a.js"></script>"""


@pytest.fixture
def shop() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path.startswith("/assets/")
            body = b"document.body.append('x')" if script else PAGE
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.stack
def test_a_page_is_seen_as_a_newcomer_sees_it(shop: str, tmp_path: Path) -> None:
    try:
        program = finding.find_chromium()
    except MachineError as error:
        pytest.skip(str(error))
    with browser.chromium(program, tmp_path) as chromium:
        rows = [browser.visit(chromium, "/", shop + "/") for _ in range(2)]
        away = browser.visit(chromium, "/", "http://127.0.0.1:9/")
    for row in rows:  # the second visit has an empty cache, too
        assert row["error"] == ""
        assert (row["requests"], row["elements"]) == (2, 7)
        assert row["long_tasks"] >= 0
        assert row["bytes"] > len(PAGE)
        assert 0 < row["ttfb"] <= row["fcp"] <= row["lcp"]
    assert away["error"].startswith("net::ERR_")
    assert away["lcp"] is None


def event(method: str, identity: str, **more: object) -> browser.Event:
    return {"method": f"Network.{method}", "params": {"requestId": identity, **more}}


def test_what_is_promised_is_opened_oftener() -> None:
    assert browser.round_of([]) == ["/", "/books", "/books/{id}", "/search"]
    promised = ["/", "/books/{id}"]
    assert browser.round_of(promised) == [*promised, "/books", *promised, "/search"]
    assert browser.round_of(["/cart"])[:3] == ["/cart", "/", "/cart"]
    assert browser.round_of(list(browser.PAGES)) == list(browser.PAGES)


def test_a_page_is_opened_where_it_shows_something() -> None:
    found = [browser.address(page) for page in ("/", "/books/{id}", "/search", "/orders/{id}")]
    assert found == ["/", "/books/1", "/search?q=river", "/orders/1"]


def test_traffic_is_counted_from_the_events() -> None:
    traffic = browser.Traffic()
    traffic.hear(event("requestWillBeSent", "1", request={"url": "http://x/"}))
    traffic.hear(event("requestWillBeSent", "2", request={"url": "data:,"}))
    traffic.hear(event("requestWillBeSent", "3", request={"url": "http://x/a.js"}))
    assert traffic.under_way == {"1", "3"}
    traffic.hear(event("loadingFinished", "1", encodedDataLength=120.0))
    traffic.hear(event("loadingFailed", "3"))
    traffic.hear({"method": "Page.loadEventFired", "params": {}})
    assert (traffic.requests, traffic.bytes, traffic.failed) == (2, 120, 1)
    assert traffic.loaded and not traffic.under_way


def test_chromium_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWNOUT_CHROMIUM", "/nowhere/chromium")
    assert finding.chosen(None, default=True) == ""
    assert finding.chosen(False, default=True) == ""
    with pytest.raises(MachineError, match="/nowhere/chromium"):
        finding.chosen(True, default=False)
