"""``deploy/``: a Prometheus configuration, alert rules and a Grafana dashboard.

    python -m brownout.monitoring deploy

They are made from what the shop promises (slo.toml) and what our own alerts go by (alerting.py).
A rule of Prometheus sees a minute where an alert of a drill sees each second, and compares with the
half hour before instead of the drill's frozen baseline.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brownout import slo
from brownout.alerting import BAD_SHARE, RAISED
from brownout.model import INSTRUMENTS, BrownoutError

SCRAPE = "5s"
WINDOW = "1m"
BEFORE = "[30m:15s] offset 5m"
FAILED = 'status=~"0|[45].."'
"""A failed request: no answer, or a status from 400 on."""

LATENCY = "brownout_request_duration_seconds"
SHARED_CORES = 0.5
"""Cores that other programs may use before a machine is not the run's own."""


@dataclass(frozen=True)
class Rule:
    """An alert: its name, the expression, and what is said when it fires."""

    name: str
    expr: str
    summary: str
    labels: dict[str, str] = field(default_factory=dict)


def promises(declared: slo.Declared) -> Iterator[Rule]:
    """Two rules for each route: p95 and error rate, as declared."""
    for route, (p95_ms, error_rate) in declared.routes.items():
        this = f"route={json.dumps(route)}"
        fast = f'rate({LATENCY}_bucket{{{this},le="{p95_ms / 1000:g}"}}[{WINDOW}])'
        every = f"rate({LATENCY}_count{{{this}}}[{WINDOW}])"
        yield Rule(
            "RouteSlow",
            f"1 - sum by (run, route) ({fast}) / sum by (run, route) ({every}) > 0.05",
            f"{route}: over 5% of the answers take more than {p95_ms:g} ms",
            {"signal": "latency", "route": route},
        )
        failed = f"rate(brownout_requests_total{{{this},{FAILED}}}[{WINDOW}])"
        every = f"rate(brownout_requests_total{{{this}}}[{WINDOW}])"
        yield Rule(
            "RouteFailing",
            f"sum by (run, route) ({failed}) / sum by (run, route) ({every}) > {error_rate:g}",
            f"{route}: over {100 * error_rate:g}% of the requests fail",
            {"signal": "errors", "route": route},
        )


def changes() -> Iterator[Rule]:
    """What our own alerts go by: each signal against its own past."""
    p95 = f"histogram_quantile(0.95, sum by (run, route, le) (rate({LATENCY}_bucket[{WINDOW}])))"
    share = 1 - BAD_SHARE["latency"]
    now = p95.replace("0.95", f"{share:g}")
    yield Rule(
        "LatencyRaised",
        _raised("latency", now, f"avg_over_time(({p95}){BEFORE})", 1e-3),
        "{{ $labels.route }}: at least half of the requests take longer than it used to",
        {"signal": "latency"},
    )
    failed = f"sum by (run, route) (rate(brownout_requests_total{{{FAILED}}}[{WINDOW}]))"
    every = f"sum by (run, route) (rate(brownout_requests_total[{WINDOW}]))"
    yield Rule(
        "ErrorsRaised",
        f"{failed} / {every} >= {BAD_SHARE['errors']:g}",
        "{{ $labels.route }}: {{ $value | humanizePercentage }} of the requests fail",
        {"signal": "errors"},
    )
    ours = f'{{service!~"{"|".join(INSTRUMENTS)}"}}'
    for signal, name, figure, unit in (
        ("cpu", "CpuRaised", "brownout_process_cpu_cores", 1.0),
        ("memory", "MemoryRaised", "brownout_process_private_bytes", 1e6),
    ):
        metric = figure + ours
        before = (
            f"quantile_over_time(0.95, {metric}[30m] offset 5m)"
            if signal == "cpu"
            else f"max_over_time({metric}[30m] offset 5m)"
        )
        yield Rule(
            name,
            _raised(signal, f"min_over_time({metric}[{WINDOW}])", before, unit),
            f"{{{{ $labels.service }}}}: {signal} beyond what it used to be",
            {"signal": signal},
        )


def _raised(signal: str, now: str, before: str, unit: float) -> str:
    times, more = RAISED[signal]
    return f"{now} > {times:g} * {before} and {now} > {before} + {more * unit:g}"


def surroundings() -> Iterator[Rule]:
    """What makes the figures themselves doubtful."""
    yield Rule(
        "MachineShared",
        f"avg_over_time(brownout_machine_foreign_cpu_cores[{WINDOW}]) > {SHARED_CORES:g}",
        'other programs use {{ printf "%.2f" $value }} cores: times mean little',
    )
    yield Rule(
        "TelemetryLost",
        "increase(brownout_meter_dropped_events_total[5m]) > 0",
        "{{ $labels.service }}: wide events are dropped",
    )
    yield Rule(
        "CollectorFull",
        f'rate(brownout_collector_refused_total{{status="503"}}[{WINDOW}]) > 0',
        "the collector turns senders away",
    )


def rules(declared: slo.Declared) -> str:
    """rules.yml"""
    lines = ["# Made by: python -m brownout.monitoring deploy", "groups:"]
    for name, group in (
        ("promises", promises(declared)),
        ("changes", changes()),
        ("surroundings", surroundings()),
    ):
        lines += [f"  - name: {name}", f"    interval: {SCRAPE}", "    rules:"]
        for rule in group:
            lines += [
                f"      - alert: {rule.name}",
                f"        expr: {json.dumps(rule.expr)}",
                "        for: 15s",
            ]
            if rule.labels:
                lines.append(f"        labels: {json.dumps(rule.labels)}")
            lines.append(f"        annotations: {json.dumps({'summary': rule.summary})}")
    return "\n".join(lines) + "\n"


CONFIG = f"""# Made by: python -m brownout.monitoring deploy
# Start it from the folder in which drills are flown (paths are relative to this file):
#   prometheus --config.file=deploy/prometheus.yml
global:
  scrape_interval: {SCRAPE}
  evaluation_interval: {SCRAPE}
rule_files: [rules.yml]
scrape_configs:
  - job_name: brownout
    file_sd_configs:
      - files: [../.brownout/prometheus/*.json]  # written by drill, up and run
        refresh_interval: {SCRAPE}
"""


def panels(declared: slo.Declared) -> Iterator[tuple[str, str, str, str]]:
    """(title, unit, expression, legend) of each panel."""
    promised = "|".join(sorted(declared.routes)).replace("{", r"\\{").replace("}", r"\\}")
    work = "sum by (route) (rate(brownout_{}[1m]))"
    per_request = f"{work} / {work.format('work_duration_seconds_count')}"
    p95 = f'sum by (route, le) (rate({LATENCY}_bucket{{run="$run"}}[1m]))'
    chosen = f'sum by (route, le) (rate({LATENCY}_bucket{{run="$run",route=~"{promised}"}}[1m]))'
    yield "Requests", "reqps", "sum by (route) (rate(brownout_requests_total[1m]))", "{{route}}"
    yield "p95 of promised routes", "s", f"histogram_quantile(0.95, {chosen})", "{{route}}"
    yield "Median", "s", f"histogram_quantile(0.5, {p95})", "{{route}}"
    failed = f"sum by (route) (rate(brownout_requests_total{{{FAILED}}}[1m]))"
    every = "sum by (route) (rate(brownout_requests_total[1m]))"
    yield "Failed", "percentunit", f"{failed} / {every}", "{{route}}"
    told = "SQL statements a request", "short"
    yield *told, per_request.format("sql_statements_total"), "{{route}}"
    hits, gets = (f"sum(rate(brownout_cache_{n}_total[1m]))" for n in ("hits", "gets"))
    yield "Cache hits", "percentunit", f"{hits} / {gets}", "of keys asked for"
    yield "AI and HTTP calls", "ops", work.format("ai_calls_total"), "{{route}}"
    yield "Tasks enqueued", "ops", work.format("tasks_enqueued_total"), "{{route}}"
    yield "Messages waiting", "short", "brownout_queue_depth", "{{queue}}"
    waited = "sum by (route) (rate(brownout_task_wait_seconds_total[1m]))"
    done = 'sum by (route) (rate(brownout_work_duration_seconds_count{kind="task"}[1m]))'
    yield "Wait in the queue", "s", f"{waited} / {done}", "{{route}}"
    yield "CPU", "cores", "brownout_process_cpu_cores", "{{service}}"
    yield "Memory", "bytes", "brownout_process_private_bytes", "{{service}}"
    yield "Other programs", "cores", "brownout_machine_foreign_cpu_cores", "cores"
    yield "Events lost", "short", "brownout_meter_dropped_events_total", "{{service}}"
    refused = "sum by (status) (rate(brownout_collector_refused_total[1m]))"
    yield "Refused by the collector", "ops", refused, "{{status}}"


def dashboard(declared: slo.Declared) -> str:
    """grafana.json: to be imported; it asks for the Prometheus and the run."""
    source = {"type": "prometheus", "uid": "${source}"}
    made: list[dict[str, Any]] = []
    for number, (title, unit, expr, legend) in enumerate(panels(declared)):
        of_run = expr if "$run" in expr else _of_run(expr)
        made.append(
            {
                "id": number + 1,
                "type": "timeseries",
                "title": title,
                "datasource": source,
                "gridPos": {"h": 8, "w": 12, "x": 12 * (number % 2), "y": 8 * (number // 2)},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "targets": [
                    {"refId": "A", "datasource": source, "expr": of_run, "legendFormat": legend}
                ],
            }
        )
    variables = [
        {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {
            "name": "run",
            "type": "query",
            "datasource": source,
            "query": "label_values(brownout_collector_rows_total, run)",
            "refresh": 2,
            "sort": 2,
        },
    ]
    board = {
        "title": "brownout",
        "uid": "brownout",
        "schemaVersion": 39,
        "refresh": SCRAPE,
        "time": {"from": "now-15m", "to": "now"},
        "templating": {"list": variables},
        "panels": made,
    }
    return json.dumps(board, indent=1) + "\n"


def _of_run(expr: str) -> str:
    """An expression narrowed to the chosen run: every metric gets the label."""
    words = []
    for number, part in enumerate(expr.split("brownout_")):
        if number == 0:
            words.append(part)
            continue
        end = next((i for i, c in enumerate(part) if not (c.isalnum() or c == "_")), len(part))
        name, rest = part[:end], part[end:]
        inner = rest[1:] if rest.startswith("{") else "}" + rest
        comma = "," if rest.startswith("{") else ""
        words.append(f'brownout_{name}{{run="$run"{comma}{inner}')
    return "".join(words)


def files(shop: Path) -> dict[str, str]:
    """Name -> contents of what belongs into ``deploy/``."""
    declared = slo.load(shop)
    return {
        "prometheus.yml": CONFIG,
        "rules.yml": rules(declared),
        "grafana.json": dashboard(declared),
    }


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "deploy")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files(Path("shop")).items():
            (folder / name).write_text(text)
    except (OSError, BrownoutError) as error:
        sys.exit(f"brownout.monitoring: {error}")


if __name__ == "__main__":
    main()
