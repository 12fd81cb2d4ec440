"""The memory probe on real processes: tracemalloc switched on by the meter's thread."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from collecting import as_nobody
from waiting import until

from brownout.app.target import family
from brownout.meter.event import allocations
from brownout.model import MachineError
from brownout.probes.on_demand import memory
from brownout.probes.terms import Found, Site

GROW = """
import sys, time, tracemalloc
from brownout.meter.event import allocations
{listen}
held = []
def grow():
    held.append(bytearray(10_000))
print("on", flush=True)
while True:
    if tracemalloc.is_tracing(): grow()
    time.sleep(.005)
    print(tracemalloc.is_tracing(), file=open("tracing", "w"))
"""


@contextmanager
def child(folder: Path, listen: str = "allocations.listen()") -> Iterator[int]:
    (folder / "app.py").write_text(GROW.format(listen=listen))
    argv = [sys.executable, "app.py"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=folder) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"on\n"
            yield process.pid
        finally:
            process.kill()


def tracing(folder: Path) -> bool:
    return (folder / "tracing").read_text() == "True\n"


def grown(pid: int, folder: Path, seconds: float, kilobytes: float) -> Found:
    """What the probe found, once the child came to hold that much in one window: a busy machine
    may leave it no time in a short one.
    """
    found: list[Found] = []

    def enough() -> bool:
        found[:] = [memory.probe(Site((family(pid),), True), folder, seconds=seconds)]
        rows = found[0].tables[1].rows
        return bool(rows) and float(rows[0][3]) > kilobytes

    until(enough)
    return found[0]


def test_what_grows_is_found_by_its_line_and_tracing_stops(tmp_path: Path) -> None:
    with child(tmp_path) as pid:
        processes, sites = grown(pid, tmp_path, 0.5, 20).tables
        until(lambda: not tracing(tmp_path))
        _, own, where, held, blocks, growth = sites.rows[0]
        assert own == where == "app.py:7"
        assert held > 20
        assert blocks >= 2
        assert growth > held  # in half a second
        assert processes.rows[0][1] == pid
        again = grown(pid, tmp_path, 0.1, 0)
        assert again.tables[1].rows
    told = json.loads((tmp_path / "memory.json").read_text())
    assert told[0]["pid"] == pid


def test_a_process_without_the_meter_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with child(tmp_path, listen="") as pid:
        site = Site((family(pid),), True)
        with pytest.raises(MachineError, match=r"has no meter that listens.*memray attach"):
            memory.probe(site, tmp_path, seconds=0.1)
    with pytest.raises(MachineError, match=f"process {pid} has gone"):
        memory.probe(site, tmp_path, seconds=0.1)


def test_a_process_that_goes_meanwhile(tmp_path: Path) -> None:
    with child(tmp_path) as pid, ThreadPoolExecutor() as pool:
        probing = pool.submit(memory.probe, Site((family(pid),), True), tmp_path, 30)
        until(lambda: (tmp_path / "tracing").exists() and tracing(tmp_path))
        psutil.Process(pid).kill()
        with pytest.raises(MachineError, match=f"process {pid} ended meanwhile"):
            probing.result()


def ask(pid: int, text: bytes) -> socket.socket:
    asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    asked.settimeout(10)
    asked.connect(allocations.address(pid))
    asked.sendall(text)
    return asked


def test_an_asker_that_leaves_ends_the_tracing_and_nonsense_hurts_nobody(tmp_path: Path) -> None:
    with child(tmp_path) as pid:
        with ask(pid, b'{"seconds": 60, "frames": 3, "top": 5}\n'):
            until(lambda: (tmp_path / "tracing").exists() and tracing(tmp_path))
        until(lambda: not tracing(tmp_path))
        for nonsense in (b"\n", b"{}\n", b"[1]\n", b'{"seconds": "x"}\n', b"x" * 5000 + b"\n"):
            with ask(pid, nonsense) as asked:
                assert asked.recv(10) == b""
        with ask(pid, b'{"seconds": 0, "frames": 3, "top": 5}\n') as asked:
            assert "sites" in json.loads(asked.makefile().readline())


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
def test_another_users_process_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with child(tmp_path) as pid:
        site = Site((family(pid),), True)
        with as_nobody(), pytest.raises(MachineError, match="another user's; run brownout as that"):
            memory.probe(site, tmp_path, seconds=0.5)


def test_the_probe_and_the_meter_speak_of_the_same_place() -> None:
    assert memory._address(77, os.getuid()) == allocations.address(77)
