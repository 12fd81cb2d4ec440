"""``deploy/`` is what is made from today's definitions, and Prometheus understands it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from brownout import monitoring, slo
from brownout.collector.exposition import BUCKETS

ROOT = Path(__file__).parents[1]


def promtool(*argv: str) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool here (Debian: apt-get install prometheus)")
    made = subprocess.run([program, *argv], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def test_the_files_are_up_to_date() -> None:
    for name, text in monitoring.files(ROOT / "shop").items():
        assert (ROOT / "deploy" / name).read_text() == text, "run: python -m brownout.monitoring"


def test_every_promise_is_the_bound_of_a_bucket() -> None:
    declared = slo.load(ROOT / "shop")
    assert {ms / 1000 for ms, _ in declared.routes.values()} <= set(BUCKETS)


def test_prometheus_understands_them() -> None:
    promtool("check", "config", str(ROOT / "deploy" / "prometheus.yml"))
