"""Every rule of ``deploy/rules.yml``: silent while all is well, firing when it is not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brownout import slo
from brownout.model import INSTRUMENTS

ROOT = Path(__file__).parents[1]
LATENCY = "brownout_request_duration_seconds"
CALM = 40
"""Minutes for which all is well; then it is not, for ten."""

Case = tuple[str, list[dict[str, str]], dict[str, str], str]
"""(alert, series, its labels, its summary)."""


def series(name: str, calm: float, bad: float, counter: bool = False, **labels: str) -> Any:
    """A gauge with two values, or a counter that rises by two steps, every 15 s."""
    text = ",".join(f"{key}={json.dumps(value)}" for key, value in {"run": "r", **labels}.items())
    steps = CALM * 4
    end = calm * steps
    values = (
        f"0+{calm:g}x{steps} {end + bad:g}+{bad:g}x39" if counter else f"{calm}x{steps} {bad}x39"
    )
    return {"series": f"{name}{{{text}}}", "values": values}


def promises() -> Iterator[Case]:
    for route, (p95_ms, error_rate) in slo.load(ROOT / "shop").routes.items():
        this = {"route": route}
        within = {**this, "le": f"{p95_ms / 1000:g}"}
        yield (
            "RouteSlow",
            [
                series(f"{LATENCY}_bucket", 96, 94, True, **within),
                series(f"{LATENCY}_count", 100, 100, True, **this),
            ],
            {"run": "r", "signal": "latency", **this},
            f"{route}: over 5% of the answers take more than {p95_ms:g} ms",
        )
        failed = round(1000 * error_rate)
        yield (
            "RouteFailing",
            [
                series("brownout_requests_total", 1000, 1000, True, **this, status="200"),
                series("brownout_requests_total", 0, failed + 2, True, **this, status="500"),
                series("brownout_requests_total", 0, failed // 2, True, **this, status="0"),
            ],
            {"run": "r", "signal": "errors", **this},
            f"{route}: over {100 * error_rate:g}% of the requests fail",
        )


def changes() -> Iterator[Case]:
    route = {"route": "GET /new/"}
    buckets = [
        series(f"{LATENCY}_bucket", 100, 30, True, **route, le="0.1"),
        series(f"{LATENCY}_bucket", 100, 100, True, **route, le="0.3"),
        series(f"{LATENCY}_bucket", 100, 100, True, **route, le="+Inf"),
    ]
    yield (
        "LatencyRaised",
        buckets,
        {"run": "r", "signal": "latency", **route},
        "GET /new/: at least half of the requests take longer than it used to",
    )
    yield (
        "ErrorsRaised",
        [
            series("brownout_requests_total", 81, 75, True, **route, status="200"),
            series("brownout_requests_total", 19, 25, True, **route, status="404"),
        ],
        {"run": "r", "signal": "errors", **route},
        "GET /new/: 25% of the requests fail",
    )
    web = {"run": "r", "service": "web"}
    for name, metric, calm, bad, signal in (
        ("CpuRaised", "brownout_process_cpu_cores", 0.6, 1.0, "cpu"),
        ("MemoryRaised", "brownout_process_private_bytes", 2e8, 2.8e8, "memory"),
    ):
        told = f"web: {signal} beyond what it used to be"
        found = [series(metric, calm, bad, service=s) for s in ("web", *INSTRUMENTS)]
        yield name, found, {**web, "signal": signal}, told


def surroundings() -> Iterator[Case]:
    yield (
        "MachineShared",
        [series("brownout_machine_foreign_cpu_cores", 0.4, 0.75)],
        {"run": "r"},
        "other programs use 0.75 cores: times mean little",
    )
    yield (
        "TelemetryLost",
        [series("brownout_meter_dropped_events_total", 0, 1, True, service="web")],
        {"run": "r", "service": "web"},
        "web: wide events are dropped",
    )
    yield (
        "CollectorFull",
        [
            series("brownout_collector_refused_total", 0, 1, True, status="503"),
            series("brownout_collector_refused_total", 1, 1, True, status="400"),
        ],
        {"run": "r", "status": "503"},
        "the collector turns senders away",
    )


def unit(cases: list[Case]) -> dict[str, Any]:
    """What promtool is to try: no alert at the end of the calm, each of these three minutes later.

    All at once: it evaluates all rules for each unit.
    """
    fire: dict[str, list[dict[str, Any]]] = {}
    for name, _, labels, summary in cases:
        fires = {"exp_labels": labels, "exp_annotations": {"summary": summary}}
        fire.setdefault(name, []).append(fires)
    return {
        "interval": "15s",
        "input_series": [one for _, found, _, _ in cases for one in found],
        "alert_rule_test": [
            {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": expected}
            for name, fires in fire.items()
            for minute, expected in ((CALM, []), (CALM + 3, fires))
        ],
    }


def test_every_rule_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here (Debian: apt-get install prometheus)")
    cases = [*promises(), *changes(), *surroundings()]
    rules = ROOT / "deploy" / "rules.yml"
    assert len(cases) == rules.read_text().count("- alert: ")
    assert {c[0] for c in cases} == set(re.findall(r"- alert: (\w+)", rules.read_text()))
    tests = {
        "rule_files": [str(rules)],
        "evaluation_interval": "15s",
        "tests": [unit(cases)],
    }
    path = tmp_path / "unit.yml"
    path.write_text(json.dumps(tests))
    made = subprocess.run(
        [promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
