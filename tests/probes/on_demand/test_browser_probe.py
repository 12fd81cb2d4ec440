"""The browser probe: real visits with a real Chromium of small pages, good and bad."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from waiting import PATIENCE

from brownout.model import BrownoutError, MachineError
from brownout.probes.on_demand import browser as probe
from brownout.probes.page.browser import chromium as profiled
from brownout.probes.page.browser import throwaway
from brownout.probes.page.cdp import Browser
from brownout.probes.page.coverage import counted, coverage, module
from brownout.probes.page.visit import Request, visit
from brownout.probes.terms import Found, Site
from brownout.stack.processes.ports import free_ports
from brownout.stack.services.browser import find_chromium

HOME = b"""<!doctype html><title>t</title><link rel="icon" href="data:,"><h1>Quayside</h1>
<p><input id="q" type="search"></p><img src="/a.svg" width="9" height="9">
<script src="/assets/index-a1b2c3d4.js"></script>"""
SCRIPT = b"""
function add(a, b) { if (a > 2) { return a + b; } else { return b; } }
function never() { return 1; }
for (let n = 0; n < 5; n += 1) add(n, 1);
fetch('/data.json');
document.getElementById('q').addEventListener('keydown', () => {
  const until = performance.now() + 80; while (performance.now() < until);
});
const late = performance.now() + 70; while (performance.now() < late);
"""
ANSWERS = {
    "/": ("text/html", HOME),
    "/assets/index-a1b2c3d4.js": ("text/javascript", SCRIPT),
    "/a.svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "/data.json": ("application/json", b"{}"),
    "/calm": ("text/html", HOME.replace(b"index-a1b2c3d4", b"calm")),
    "/assets/calm.js": ("text/javascript", SCRIPT.rpartition(b"const late")[0]),
    "/asks": ("text/html", b"<title>t</title><script>alert('Sure?')</script>"),
    "/endless": ("text/html", b"<title>t</title><script>for (;;);</script>"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    released = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/never":
                released.wait(PATIENCE)
            if self.path == "/crash":
                for child in psutil.Process().children(recursive=True):
                    with contextlib.suppress(psutil.Error):  # some go while they are looked at
                        if "--type=renderer" in child.cmdline():
                            child.kill()
            kind, body = ANSWERS.get(self.path, ("text/html", b"not here"))
            self.send_response(200 if self.path in ANSWERS else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        program = find_chromium()
    except MachineError as error:
        pytest.skip(str(error))
    with throwaway(program) as (browser, port):
        assert port > 0
        yield browser


@pytest.mark.stack
def test_the_folder_of_its_socket_goes_with_it(chromium: Browser, tmp_path: Path) -> None:
    with profiled(find_chromium(), tmp_path):
        folder = (tmp_path / "SingletonSocket").readlink().parent
        assert folder.is_dir()
    assert not folder.exists()


@pytest.mark.stack
def test_a_program_that_ends_at_once_is_no_browser(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="Chromium ended with code 1"):
        profiled(shutil.which("false") or "", tmp_path).__enter__()


def rows(found: Found, title: str) -> list[tuple[Any, ...]]:
    [one] = [t for t in found.tables if t.title.startswith(title)]
    return [tuple(row) for row in one.rows]


@pytest.mark.stack
def test_a_page_is_told(
    chromium: Browser, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    found = probe.probe(Site(url=site), tmp_path, seconds=8, pages="/,/nowhere", visits=2)
    assert not found.good
    assert "/nowhere: the page answers with status 404 (2 of 2 visits)" in found.notes
    vitals = {name: row for page, name, *row in rows(found, "vitals")}
    for name in ("TTFB", "FCP", "LCP", "load event", "INP"):
        median, low, high, unit, n = vitals[name]
        assert 0 < low <= median <= high
        assert (unit, n) == ("ms", 2)
    assert vitals["INP"][0] >= 80
    assert vitals["long tasks"][0] >= 1 and vitals["in long tasks"][0] >= 50
    fetched = {row[1]: row[2:5] for row in rows(found, "requests")}
    assert fetched == {"Document": (1, 1, 1), "Script": (1, 1, 1), "Image": (1, 1, 1),
                       "Fetch": (1, 1, 1)}  # fmt: skip
    document = {row[1]: row[2:5] for row in rows(found, "DOM")}
    assert document["elements"] == (10, 10, 10)
    assert document["jsEventListeners"] == (1, 1, 1)
    [one] = rows(found, "JavaScript")
    assert one[-1] == "no"  # it counts until a moment
    page, name, functions, called, calls, blocks, entered, *_ = one
    assert (page, name) == ("/", "assets/index.js")
    assert (functions, called) == (4, 2)
    assert calls == 6  # add five times, and the script itself
    assert blocks > functions and entered < blocks
    told = json.loads(found.files[0].read_text())
    assert [calls for name, calls in told["functions"]["/"].items() if " add@" in name] == [5]
    assert not list(temporary.iterdir())  # its profile is gone
    assert "INP is that of a press on: /: input #q" in found.notes


@pytest.mark.stack
def test_counts_are_the_same_twice(chromium: Browser, site: str) -> None:
    request = Request("/calm", f"{site}/calm")
    first, second = coverage(chromium, request), coverage(chromium, request)
    assert first == second
    assert first[0] and not first[2]


@pytest.mark.stack
@pytest.mark.parametrize(
    ("address", "limit", "words"),
    [
        ("{site}/never", 1.0, "the page was not loaded within 1 s"),
        ("{site}/endless", 1.0, "the page was not loaded within 1 s"),
        ("{site}/asks", 20.0, "the page waits for an answer (alert: Sure?)"),
        ("{site}/crash", 5.0, "the page crashed its tab"),
        ("http://127.0.0.1:{free}/", 5.0, "net::ERR_CONNECTION_REFUSED"),
        ("http://no.such.host.invalid/", 5.0, "net::ERR_"),
    ],
)
def test_a_bad_page_is_told_and_the_next_is_seen(
    chromium: Browser, site: str, address: str, limit: float, words: str
) -> None:
    given = address.format(site=site, free=free_ports(1)[0])
    assert words in visit(chromium, Request("/", given, limit)).error
    good = visit(chromium, Request("/", f"{site}/", 8.0, "#missing"))
    assert not good.error
    assert good.note == "#missing names nothing that can be pressed"


BAD = ["example.org", "ftp://x/", "http://", "file:///etc/passwd", "http://x:port/", "http://[x/"]


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(BrownoutError, match="wanted is http"):
        probe.probe(Site(url=url), tmp_path)


def test_bad_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrownoutError, match="--visits 0: from 1 to"):
        probe.probe(Site(url="http://x"), tmp_path, visits=0)
    with pytest.raises(BrownoutError, match="a path begins with /"):
        probe.probe(Site(url="http://x"), tmp_path, pages="books")
    monkeypatch.setenv("BROWNOUT_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(MachineError, match="install it"):
        probe.probe(Site(url="http://x"), tmp_path)


def test_modules_are_named_without_their_hash() -> None:
    assert module("http://x/assets/Book-a1B2c_D4.js?x=1") == "assets/Book.js"
    assert module("http://x/main.js") == "main.js"
    assert counted([{"url": "", "functions": []}]) == ([], {})


def test_what_lighthouse_says_against_its_own_run_is_told() -> None:
    slow = "The tested device appears to have a slower CPU than\n  Lighthouse expects."
    fine: dict[str, Any] = {
        "runWarnings": [],
        "categories": {"performance": {"score": 0.5}},
        "audits": {
            name: {"numericValue": 1.0}
            for name in (
                "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"
            )
        },
        "environment": {"benchmarkIndex": 300},
    }  # fmt: skip
    failed = fine | {
        "runtimeError": {"code": "NO_FCP", "message": "The page did not paint."},
        "categories": {"performance": {"score": None}},
    }
    reports = {"/": fine | {"runWarnings": [slow]}, "/b": failed, "/c": fine}
    assert probe._warned(reports) == [
        "/: Lighthouse warns: The tested device appears to have a slower CPU than Lighthouse "
        "expects.",
        "/b: Lighthouse warns: The page did not paint.",
    ]
    assert [row[1] for row in probe._audited(reports).rows] == [50.0, None, 50.0]
