"""The machine probe: its verdict, the recording's minutes, and who uses the CPU."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from collecting import TOKEN, Collector
from waiting import until

from brownout.app.target import family
from brownout.audits import busy_machine
from brownout.model import NS
from brownout.probes.on_demand import machine
from brownout.probes.terms import Site


@pytest.mark.parametrize(("foreign", "verdict"), [(0.99, "clean"), (1.01, "void")])
def test_the_rule_is_the_audits(foreign: float, verdict: str) -> None:
    row = machine._judged("now", 1, foreign, 2.0, 0.1, None, 10**9)
    assert row[-1] == verdict
    assert (busy_machine.MOST, busy_machine.MORE) == (1.0, 0.5)


def test_who_uses_the_cpu_is_named(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        found = machine.probe(Site(), tmp_path, seconds=0.5)
        busy.kill()
    now, others = found.tables[0].rows[0], found.tables[1].rows
    assert found.good is (now[-1] == "clean")
    assert len(others) <= machine.TOP
    assert busy.pid in [row[0] for row in others] or now[2] > 1.0  # unless others are busier still
    assert "no service was named: all CPU counts as foreign" in found.notes


def test_a_service_is_no_foreigner(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as own:
        until(lambda: sum(psutil.Process(own.pid).cpu_times()[:2]) > 0.05)
        found = machine.probe(Site((family(own.pid),), True), tmp_path, seconds=2)
        own.kill()
    assert found.tables[0].rows[0][4] > 0  # however little a busy machine leaves it
    assert own.pid not in [row[0] for row in found.tables[1].rows]


def test_the_control_process_is_no_foreigner(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as control:
        until(lambda: sum(psutil.Process(control.pid).cpu_times()[:2]) > 0.05)
        found = machine.probe(Site(control=control.pid), tmp_path, seconds=2)
        control.kill()
    assert found.tables[0].rows[0][4] > 0
    assert control.pid not in [row[0] for row in found.tables[1].rows]


def test_the_recordings_minutes_are_judged(collector: Collector) -> None:
    minute = time.time_ns() // (60 * NS) * 60 * NS
    rows = [
        {"ts": minute - 60 * NS + k * NS, "foreign_cpu": cpu, "own_cpu": 0.2, "pressure": 0.5}
        | {"memory_available": 10**9}
        for k, cpu in enumerate((1.2, 1.6))
    ]
    quiet = rows[0] | {"ts": minute, "foreign_cpu": 0.1, "pressure": None}
    old = rows[0] | {"ts": minute - 3600 * NS}
    collector.client().post("machine", [*rows, quiet, old])
    found = machine._recorded(Site(collector=collector.url, token=TOKEN))
    assert [(row[1], round(row[2], 3), row[5], row[-1]) for row in found] == [
        (2, 1.4, 50.0, "void"), (1, 0.1, None, "clean"),
    ]  # fmt: skip
