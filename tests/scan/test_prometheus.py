"""Series from Debian's Prometheus, and from servers that answer nonsense."""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from waiting import PATIENCE

from brownout.app import cli
from brownout.model import BrownoutError
from brownout.scan import chunks, prometheus, tables
from brownout.scan.outcome import Ledger, conclude
from brownout.scan.prometheus import Query
from brownout.scan.sweep import Wanted, sweep

END = 1_780_000_020
"""The last point's time; a multiple of 60."""

POINTS, SERIES = 360, 12


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus with six hours of twelve routes, three of which get slower."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        pytest.skip("no prometheus here (apt-get install prometheus)")
    folder = tmp_path_factory.mktemp("prometheus")
    rng = random.Random(1)
    lines = ["# TYPE latency gauge"]
    for route in range(SERIES):
        for j in range(POINTS):
            slower = 20 if route < 3 and j >= 200 else 0
            value = 100 + 5 * rng.gauss(0, 1) + slower
            at = END - (POINTS - 1 - j) * 60
            lines.append(f'latency{{route="/r{route}",job="shop"}} {value:.3f} {at}')
    (folder / "points.txt").write_text("\n".join([*lines, "# EOF", ""]))
    make = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "points.txt", "data"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("global: {}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    argv += ["--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/-/ready", server)
        yield address
    finally:
        server.terminate()
        server.wait(PATIENCE)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            if httpx.get(address, timeout=PATIENCE).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("prometheus ended")


def last_hours(url: str, query: str, hours: float = 6) -> Query:
    return prometheus.over(url, query, hours, 60, END)


@pytest.mark.parametrize("page", [prometheus.PAGE, 500])
def test_what_prometheus_holds_is_scanned(
    url: str, page: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prometheus, "PAGE", page)  # 500: nine pages
    pages = prometheus.fetch(last_hours(url, "latency"), tmp_path, lambda words: None)
    assert len(pages) == (1 if page > 500 else 9)
    table = tables.table(pages, tables.Named())
    ledger = Ledger()
    for chunk in chunks.plan(table, tmp_path, lambda words: None):
        ledger.add(sweep(chunk, Wanted(0.05, 0.02)))
    found = conclude(ledger, 0.05, [], table.calendar)
    assert ledger.points == SERIES * POINTS
    assert {c.series for c, _, _ in found.changes} == {
        f'latency{{job="shop", route="/r{i}"}}' for i in range(3)
    }
    assert all(abs(c.at - (END - 159 * 60)) <= 120 for c, _, _ in found.changes)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("latency{", "parse error"),
        ("rate(nothing_is_called_so[5m])", "no series for 'rate(nothing_is_called_so[5m])'"),
        ("vector(1) or", "parse error"),
    ],
)
def test_queries_that_give_nothing(url: str, query: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BrownoutError) as error:
        prometheus.fetch(last_hours(url, query), tmp_path, lambda words: None)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, "<html>welcome</html>", "answered 200, no JSON of Prometheus: '<html>welcome"),
        (200, "[]", "no JSON of Prometheus"),
        (200, '{"status":"success"}', "not as Prometheus does"),
        (200, '{"status":"success","data":{"resultType":"scalar","result":[]}}', "not series"),
        (200, '{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"x"]}]}}',
         "answered no range of numbers"),
        (404, "no such page", "answered 404"),
        (503, "busy", "answered 503"),
        (422, '{"status":"error","error":"too many samples"}', "too many samples"),
    ],
)  # fmt: skip
def test_nonsense_is_told(status: int, body: str, words: str, tmp_path: Path) -> None:
    with answering(status, body) as address, pytest.raises(BrownoutError) as error:
        prometheus.fetch(last_hours(address, "x"), tmp_path, lambda words: None)
    assert words in str(error.value)


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """The address of a server that always answers so."""

    class Nonsense(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Nonsense) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Tenants(BaseHTTPRequestHandler):
    """A proxy in front of a Prometheus of tenants: it takes GET alone."""

    seen: list[dict[str, str | None]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(405)
        self.end_headers()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = dict(parse_qsl(url.query))
        Tenants.seen.append({"query": asked["query"], **self.headers})
        result: list[dict[str, object]] = [{"metric": {}, "value": [1, "1"]}]
        if url.path.endswith("query_range"):
            first, step = float(asked["start"]), float(asked["step"])
            values = [[first + i * step, str(i % 3)] for i in range(60)]
            result = [{"metric": {"__name__": "up"}, "values": values}]
        kind = "matrix" if url.path.endswith("query_range") else "vector"
        data = {"status": "success", "data": {"resultType": kind, "result": result}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(data).encode())

    def log_message(self, *_: object) -> None: ...


def test_tenants_and_proxies_that_take_get_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers of the option and of the environment are sent, and the URL's user and password."""
    monkeypatch.setenv(prometheus.HEADERS, "Authorization: Bearer abc\nX-Team: web\n")
    Tenants.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Tenants) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        argv = ["scan", "--prometheus", address, "--query", "up", "--hours", "1", "--json"]
        code = cli.run([*argv, "--header", "X-Scope-OrgID: shop"])
        server.shutdown()
    out, _ = capfd.readouterr()
    assert code == 0
    assert json.loads(out.splitlines()[0])["format"] == "Prometheus"
    assert [s["query"] for s in Tenants.seen] == ["count(up)", "up"]
    assert all(s["X-Scope-OrgID"] == "shop" and s["X-Team"] == "web" for s in Tenants.seen)
    assert all(s["authorization"] == "Bearer abc" for s in map(lowered, Tenants.seen))


def lowered(headers: dict[str, str | None]) -> dict[str, str | None]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("header", ["nonsense", ": x", "a b: c", "X: a\x00b", "X-Y: ä", "x"])
def test_what_is_no_header_is_told_without_it(header: str) -> None:
    with pytest.raises(BrownoutError) as error:
        prometheus.headers([header], "Authorization: Bearer secret")
    assert "header 2 (--header, BROWNOUT_PROMETHEUS_HEADERS): NAME: VALUE is wanted" in str(
        error.value
    )
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://me:s3cret@127.0.0.1:9",
        "http://s3cret@127.0.0.1:9",
        "http://me:s3c/ret@127.0.0.1:9",
        "http://me:s3cret@host@127.0.0.1:nine",
        "me:s3cret@127.0.0.1",
        "ftp://me:s3cret@127.0.0.1",
    ],
)
def test_passwords_are_masked(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["scan", "--prometheus", address, "--query", "x"])
    out, err = capfd.readouterr()
    assert code == 2
    assert "***@127.0.0.1" in " ".join(err.split())
    assert not any(part in out + err for part in ("s3c", "ret@", "me:"))


@pytest.mark.parametrize(
    ("status", "body"), [(404, "no such page"), (200, "{}"), (422, '{"status":"error"}')]
)
def test_passwords_are_masked_in_what_a_server_answers(
    status: int, body: str, tmp_path: Path
) -> None:
    with answering(status, body) as address, pytest.raises(BrownoutError) as error:
        asked = last_hours(address.replace("http://", "http://me:s3cret@"), "x")
        prometheus.fetch(asked, tmp_path, lambda words: None)
    assert "http://***@127.0.0.1" in str(error.value)


def test_a_server_that_is_not_there_and_options_that_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(BrownoutError, match="does not answer"):
        prometheus.fetch(last_hours("http://127.0.0.1:9", "x"), tmp_path, lambda words: None)
    for address, hours, step, words in [
        ("localhost:9090", 1, None, "http://HOST:PORT is wanted"),
        ("http://x", 0, None, "a positive number of hours"),
        ("http://x", float("nan"), None, "a positive number of hours"),
        ("http://x", 1, 7200, "seconds are wanted, fewer than --hours has"),
    ]:
        with pytest.raises(BrownoutError, match=words):
            prometheus.over(address, "x", hours, step, END)
    assert prometheus.over("http://x/", "x", 24, None, END).step == 180
