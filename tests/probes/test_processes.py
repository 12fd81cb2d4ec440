"""Process samples of real processes: CPU, memory, and what others use."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from collecting import as_nobody
from waiting import until

from brownout.app.target import family
from brownout.probes.on_demand import processes
from brownout.probes.processes import Processes, proportional_bytes
from brownout.probes.terms import Site

BURN = "import sys\nprint('on', flush=True)\nwhile True: pass"
IDLE = "print('on', flush=True)\ninput()"
HOLD = "held = bytearray({size}); held[::4096] = b'x' * len(held[::4096])\n" + IDLE


@contextmanager
def child(code: str) -> Iterator[int]:
    """A child that has said that it is on."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"on\n"
            yield process.pid
        finally:
            process.kill()


def used(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def named(rows: list[dict[str, Any]], service: str) -> dict[str, float]:
    return {row["name"]: row["value"] for row in rows if row["service"] == service}


def test_a_child_that_burns_is_seen_with_its_cores() -> None:
    with child(BURN) as pid, child(IDLE) as other:
        services = {"web": ("r1", [pid]), "worker": ("r1", [other])}
        processes = Processes()
        processes.sample(services)
        before, began = used(pid), time.monotonic()
        until(lambda: used(pid) > before + 0.3)
        seconds = time.monotonic() - began
        rows, [machine] = processes.sample(services)
    # Seconds of CPU over seconds: whoever else is busy, it cannot be more than one core.
    assert 0.9 * 0.3 / seconds < named(rows, "web")["process.cpu"] < 1.15
    assert named(rows, "worker")["process.cpu"] < 0.05
    assert machine["own_cpu"] == pytest.approx(
        named(rows, "web")["process.cpu"] + named(rows, "worker")["process.cpu"]
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
def test_what_another_users_process_does_not_tell_is_noted_and_no_zero(tmp_path: Path) -> None:
    with child(IDLE) as pid, as_nobody():
        found = processes.probe(Site((family(pid),), True), tmp_path, 0.1)
    names = {row[1] for row in found.tables[0].rows}
    assert names == {"CPU", "RSS", "private", "threads"}
    assert [note.partition(" is ")[2] for note in found.notes] == [
        "another user's: its file descriptors and PSS are not told; look as root"
    ]


def test_cpu_of_nobodys_service_is_foreign() -> None:
    with child(BURN) as pid, child(IDLE) as ours:
        processes = Processes()
        processes.sample({"web": ("", [ours])})
        before, began = used(pid), time.monotonic()
        until(lambda: used(pid) > before + 0.4)
        seconds = time.monotonic() - began
        _, [machine] = processes.sample({"web": ("", [ours])})
    assert machine["foreign_cpu"] > 0.8 * 0.4 / seconds
    assert machine["own_cpu"] < 0.05


def test_one_born_since_the_last_sample_counts_whole() -> None:
    began = time.monotonic()
    processes = Processes()
    with child(BURN) as pid:
        until(lambda: used(pid) > 0.2)
        at_least = used(pid)
        rows, [machine] = processes.sample({"web": ("r1", [pid])})
        seconds = time.monotonic() - began
    assert named(rows, "web")["process.cpu"] * seconds >= at_least * 0.99
    assert machine["own_cpu"] == named(rows, "web")["process.cpu"]


def test_the_past_of_an_older_one_does_not_count() -> None:
    with child(BURN) as pid:
        until(lambda: used(pid) > 0.3)
        processes = Processes()
        rows, _ = processes.sample({"web": ("r1", [pid])})
    assert named(rows, "web")["process.cpu"] == 0


def test_private_memory_is_what_it_holds_for_itself() -> None:
    size = 48 << 20
    with child(IDLE) as lean, child(HOLD.format(size=size)) as fat:
        rows, _ = Processes().sample({"lean": ("", [lean]), "fat": ("", [fat])})
    grown = named(rows, "fat")["process.private"] - named(rows, "lean")["process.private"]
    assert grown == pytest.approx(size, rel=0.05)
    for service in ("lean", "fat"):
        found = named(rows, service)
        assert 0 < found["process.private"] < found["process.rss"]
        assert found["process.threads"] == 1
        assert found["process.fds"] >= 3


def test_the_processes_of_a_service_are_added_up() -> None:
    with child(IDLE) as first, child(IDLE) as second:
        processes = Processes()
        rows, [machine] = processes.sample({"web": ("r2", [first, second])})
        alone, _ = processes.sample({"web": ("r2", [first])})
    assert named(rows, "web")["process.threads"] == 2
    assert named(rows, "web")["process.rss"] > 1.5 * named(alone, "web")["process.rss"]
    assert {row["release"] for row in rows} == {"r2"}
    assert {row["ts"] for row in rows} == {machine["ts"]}
    assert 0 < machine["memory_available"] < psutil.virtual_memory().total


def test_one_that_has_gone_counts_nothing() -> None:
    processes = Processes()
    with child(IDLE) as pid:
        processes.sample({"web": ("", [pid])})
    rows, _ = processes.sample({"web": ("", [pid])})
    assert set(named(rows, "web").values()) == {0}
    assert processes.sample({})[0] == []


def test_pressure_is_a_share_of_the_time() -> None:
    processes = Processes()
    _, [machine] = processes.sample({})
    assert machine["pressure"] is None or 0 <= machine["pressure"] <= 1.5


def test_shared_pages_are_counted_once() -> None:
    with child(IDLE) as first, child(IDLE) as second:
        both = proportional_bytes([first, second])
        resident = sum(psutil.Process(pid).memory_info().rss for pid in (first, second))
    assert 0 < both <= resident
    assert proportional_bytes([first, second]) == 0
