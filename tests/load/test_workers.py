"""Load workers: they share one play, leave it, die in it, and are refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from load.test_runner import Site
from waiting import PATIENCE, until

from brownout.load import crew, link
from brownout.load.arrivals import NS, Second, arrivals
from brownout.load.visits import World
from brownout.model import BrownoutError

WORLD = {
    "visitors": [f"{n:032x}" for n in range(50)],
    "books": list(range(1, 500)),
    "genres": ["crime"],
}
SEED, RATE, KEY = 7, 8.0, "a key"


class Playground:
    """A generator that workers may join, against a site that keeps who asked for what."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.site = Site()
        stack.callback(self.site.close)
        self.began = time.time_ns() + 5 * NS  # after the start of everybody
        world = folder / "world.json"
        world.write_text(json.dumps(WORLD))
        argv = [sys.executable, "-m", "brownout.load.runner", "--url", self.site.url]
        argv += ["--collector", self.site.url, "--world", str(world), "--seed", str(SEED)]
        argv += ["--rate", str(RATE), "--began", str(self.began), "--port", str(port := free())]
        self.port = port
        self.log = folder / "generator.log"
        with self.log.open("wb") as log:
            self.generator = stack.enter_context(started(argv, {"BROWNOUT_TOKEN": "x"}, log))
        until(lambda: b"ready" in self.log.read_bytes())

    def worker(self, stack: ExitStack) -> Any:
        argv = [sys.executable, "-m", "brownout.load.worker", "--join", f"127.0.0.1:{self.port}"]
        joined = self.log.read_bytes().count(b"plays along")
        child = stack.enter_context(started(argv, {}))
        until(lambda: self.log.read_bytes().count(b"plays along") > joined)
        return child

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(self.site.rows[table])

    def play_until(self, second: int) -> None:
        """Wait until requests of this second have been reported."""
        end = self.began + second * NS
        until(lambda: any(r["intended"] > end for r in self.rows("requests")))

    def expected(self, seconds: range) -> set[str]:
        """The trace ids of one player's play."""
        return {
            step.trace_id
            for number in seconds
            for a in arrivals(SEED, Second(number, 0, RATE), World(**WORLD))
            for step in a.visit.steps
        }


def free() -> int:
    from brownout.stack.processes.ports import free_ports

    return free_ports(1)[0]


def started(argv: list[str], environment: dict[str, str], log: Any = None) -> Any:
    child = subprocess.Popen(
        argv, env={**os.environ, "BROWNOUT_LOAD_TOKEN": KEY, **environment}, stdout=log
    )

    class Ended:
        def __enter__(self) -> subprocess.Popen[bytes]:
            return child

        def __exit__(self, *_: object) -> None:
            if child.poll() is None:
                child.kill()
            child.wait(timeout=PATIENCE)

    return Ended()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.mark.alone
@pytest.mark.stack
def test_two_workers_and_the_generator_play_what_one_would(
    stack: ExitStack, tmp_path: Path
) -> None:
    ground = Playground(tmp_path, stack)
    children = [ground.worker(stack) for _ in range(2)]
    last = int((time.time_ns() - ground.began) // NS) + 6
    ground.play_until(last + 1)
    for child in children:  # they finish what they have begun
        child.send_signal(signal.SIGTERM)
    assert [child.wait(timeout=PATIENCE) for child in children] == [0, 0]
    played = lambda: {r["trace_id"] for r in ground.rows("requests")}  # noqa: E731
    wanted = ground.expected(range(last))
    until(lambda: wanted <= played())
    assert len(ground.rows("requests")) == len(played()), "somebody was played twice"
    planned = {r["trace_id"]: r["intended"] for r in ground.rows("scheduled")}
    assert played() <= planned.keys()
    assert {r["status"] for r in ground.rows("requests")} == {200}


@pytest.mark.alone
@pytest.mark.stack
def test_a_dead_workers_share_is_taken_over(stack: ExitStack, tmp_path: Path) -> None:
    ground = Playground(tmp_path, stack)
    child = ground.worker(stack)
    killed = int((time.time_ns() - ground.began) // NS) + 3
    ground.play_until(killed)
    child.kill()
    until(lambda: b"is gone" in ground.log.read_bytes())
    after = int((time.time_ns() - ground.began) // NS) + 2
    wanted = ground.expected(range(after, after + 3))
    until(lambda: wanted <= {r["trace_id"] for r in ground.rows("requests")})
    # What it had been told and did not play was announced: it counts as failed.
    planned = {r["trace_id"] for r in ground.rows("scheduled")}
    assert ground.expected(range(after)) <= planned


@pytest.mark.stack
def test_the_end_of_the_drill_ends_its_workers(stack: ExitStack, tmp_path: Path) -> None:
    ground = Playground(tmp_path, stack)
    child = ground.worker(stack)
    ground.generator.terminate()
    assert child.wait(timeout=PATIENCE) == 0


def joining(argv: list[str], key: str = KEY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "brownout.load.worker", *argv],
        env={**os.environ, "BROWNOUT_LOAD_TOKEN": key},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.stack
def test_who_has_no_key_is_refused_with_the_reason(stack: ExitStack, tmp_path: Path) -> None:
    ground = Playground(tmp_path, stack)
    refused = joining(["--join", f"127.0.0.1:{ground.port}"], key="another")
    assert refused.returncode == 2
    assert refused.stderr.startswith("brownout: the drill refused this worker: the token is wrong")


def test_a_host_where_nobody_listens_is_told() -> None:
    nobody = joining(["--join", f"127.0.0.1:{free()}"])
    assert nobody.returncode == 3
    assert "no drill can be reached at 127.0.0.1:" in nobody.stderr
    assert "Traceback" not in nobody.stderr


@pytest.mark.parametrize("text", ["", "host", "host:", "host:x", "host:0", "host:99999", ":80"])
def test_an_address_is_host_and_port(text: str) -> None:
    with pytest.raises(BrownoutError, match="HOST:PORT is wanted"):
        link.address(text)


def test_addresses_of_both_kinds() -> None:
    assert link.address("drill.example:20500") == ("drill.example", 20500)
    assert link.address("[::1]:20500") == ("::1", 20500)


def test_another_version_is_refused() -> None:
    terms = crew.Terms(SEED, World(**WORLD), 80, "127.0.0.1:80", KEY)
    objection = crew.Crew(terms, lambda rows: None)._objection
    asked = {**link.identity(), "token": KEY}
    assert objection(asked) == ""
    assert "install the same on both" in objection({**asked, "version": "0.0.1"})
    assert "install the same on both" in objection({**asked, "play": "0"})
    assert objection(None) and objection({}) and objection({"token": 4})


ROW = {
    "trace_id": "t", "route": "GET /", "journey": "browser", "error": "", "intended": 1,
    "start": 1, "latency": 1, "status": 200, "bytes": 2, "first_byte": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"first_byte": 3}, True),
        ({"status": "200"}, False),
        ({"status": 10**6}, False),
        ({"latency": None}, False),
        ({"intended": 1 << 63}, False),
        ({"error": None}, False),
        ({"colour": "red"}, False),
    ],
)
def test_only_rows_that_the_recording_takes_are_taken(change: dict[str, Any], good: bool) -> None:
    if good:
        assert crew._rows([ROW | change])
    else:
        with pytest.raises(link.Lost):
            crew._rows([ROW | change])


def test_a_clock_that_differs_is_followed_and_noise_is_not() -> None:
    clock = link.Clock()
    clock.compare(time.time_ns(), time.time_ns() + 5 * NS)
    assert abs(clock.offset - 5 * NS) < NS
    same = link.Clock()
    sent = time.time_ns()
    same.compare(sent, sent + 1)
    assert same.offset == 0
