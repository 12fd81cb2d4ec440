"""Against a server whose latencies are known: what the generator records is right within 3%."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "load.py"


@pytest.mark.stack
def test_recorded_rates_and_quantiles_are_right_within_3_percent() -> None:
    spec = importlib.util.spec_from_file_location("load_benchmark", BENCHMARK)
    assert spec and spec.loader
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    found = benchmark.measure(rate=6.0, seconds=12.0)
    assert found["requests"] > 500
    assert found["failed"] == found["strangers"] == 0
    for name in ("rate", "p50", "p90", "p95", "p99"):
        assert found[name]["recorded"] == pytest.approx(found[name]["true"], rel=0.03), name
