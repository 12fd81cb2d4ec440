"""What Prometheus sees: the text, by promtool, and the figures of a real collector."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from collecting import Collector
from waiting import PATIENCE

from brownout.collector.exposition import GAUGES, MACHINE, Exposition
from brownout.collector.exposition import WORK as COLUMNS

DOCS = Path(__file__).parents[2] / "docs" / "monitoring.md"

REQUEST = {"route": 'GET /a"b\\{id}/', "status": 200, "latency": 70_000_000}
WORK = {
    "service": "web", "release": "r1", "kind": "request", "route": "GET /", "duration": 2_000_000,
    "exception": "", "sql_calls": 3, "sql_time": 1_000_000, "wait": None,
}  # fmt: skip
METRIC = {"name": "process.cpu", "service": "web", "value": 0.5}
RAISED = {"exception": "KeyError", "abandoned": True}
DEPTH = {"name": "queue.depth", "service": "broker", "value": 3.0, "attributes": {"queue": "mail"}}


def page() -> str:
    made = Exposition()
    made.take({"requests": [REQUEST, REQUEST | {"latency": 10**11, "status": 0}]})
    made.take({"work": [WORK] * 2, "metrics": [METRIC, METRIC | {"value": 0.7}, DEPTH]})
    made.take({"machine": [{"foreign_cpu": 0.25, "pressure": None}], "logs": [{}] * 5})
    made.refused(503)
    return made.text({"brownout_x": ("gauge", "A figure.", 1.0)})


def test_figures_are_summed_up() -> None:
    lines = page().splitlines()
    labels = 'service="web",release="r1",kind="request",route="GET /"'
    route = r'route="GET /a\"b\\{id}/"'
    for line in (
        f'brownout_requests_total{{{route},status="0"}} 1',
        f'brownout_request_duration_seconds_bucket{{{route},le="0.06"}} 0',
        f'brownout_request_duration_seconds_bucket{{{route},le="0.08"}} 1',
        f'brownout_request_duration_seconds_bucket{{{route},le="10"}} 1',
        f'brownout_request_duration_seconds_bucket{{{route},le="+Inf"}} 2',
        f"brownout_request_duration_seconds_sum{{{route}}} 100.07",
        f"brownout_sql_statements_total{{{labels}}} 6",
        f"brownout_sql_seconds_total{{{labels}}} 0.002",
        'brownout_process_cpu_cores{service="web"} 0.7',
        'brownout_queue_depth{queue="mail"} 3',
        "brownout_machine_foreign_cpu_cores 0.25",
        'brownout_collector_rows_total{table="logs"} 5',
        'brownout_collector_refused_total{status="503"} 1',
        "brownout_x 1",
    ):
        assert line in lines, line
    assert not [line for line in lines if "task_wait" in line or "pressure" in line]


def test_lost_events_add_up_over_the_processes_of_a_service() -> None:
    made = Exposition()
    made.take({"work": [WORK]})
    assert 'brownout_meter_dropped_events_total{service="web"} 0' in made.text({}).splitlines()
    lost = {"name": "meter.dropped", "service": "web"}
    for pid, value in ((1, 5), (2, 3), (1, 7), (2, 3), (3, 1)):
        row = lost | {"value": value, "attributes": {"process.pid": pid}}
        made.take({"metrics": [row]})
    assert 'brownout_meter_dropped_events_total{service="web"} 11' in made.text({}).splitlines()


def test_series_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brownout.collector.exposition.SERIES", 10)
    made = Exposition()
    made.take({"requests": [REQUEST | {"route": str(n)} for n in range(100)]})
    made.take({"requests": [REQUEST | {"route": "0"}]})
    lines = made.text({}).splitlines()
    assert len([line for line in lines if "_count{" in line]) <= 10
    assert 'brownout_request_duration_seconds_count{route="0"} 2' in lines


def test_promtool_has_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here (Debian: apt-get install prometheus)")
    made = subprocess.run(
        [promtool, "check", "metrics"], input=page(), capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stderr) == (0, "")


@pytest.mark.stack
def test_a_collector_shows_what_it_recorded(shared: Collector) -> None:
    planned = {"trace_id": "m", "intended": 5, "route": "GET /m", "journey": "browse"}
    row = planned | {"start": 5, "latency": 10**9, "status": 500, "bytes": 1, "error": ""}
    for _ in range(2):  # sent again, it is counted once
        shared.client().post("requests", [row | {"first_byte": None}])
    httpx.post(f"{shared.url}/v1/nowhere", timeout=PATIENCE)
    answer = httpx.get(f"{shared.url}/metrics", timeout=PATIENCE)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'brownout_requests_total{route="GET /m",status="500"} 1' in lines
    assert 'brownout_collector_refused_total{status="404"} 1' in lines
    assert "brownout_collector_waiting_batches 0" in lines


def _labels(lines: list[str], family: str) -> str:
    """The labels of a family's series, without le."""
    found = next(x for x in lines if re.match(rf"{family}(_sum)?[ {{]", x))
    return ", ".join(re.findall(r'(\w+)="', found)) or "-"


@pytest.mark.stack
def test_the_docs_list_what_is_served(tmp_path: Path) -> None:
    """Rows that bring every family forth, and the table of docs/monitoring.md."""
    made = Collector(tmp_path, "--forward", "http://127.0.0.1:9")
    try:
        post = made.client().post
        planned = {"trace_id": "m", "intended": 5, "route": "GET /m", "journey": "browse"}
        row = planned | {"start": 5, "latency": 10**9, "status": 500, "bytes": 1, "error": ""}
        post("requests", [row | {"first_byte": None}])
        post("machine", [dict.fromkeys(MACHINE, 1) | {"ts": 1}])
        common = {"ts": 1, "service": "web", "release": "r1", "value": 1}
        common |= {"attributes": {"queue": "mail"}}
        post("metrics", [common | {"name": name} for name in [*GAUGES, "queue.depth"]])
        work = json.dumps(dict.fromkeys([*COLUMNS, "bytes", "cache_time"], 1) | RAISED)
        attribute = {"key": "brownout.work", "value": {"stringValue": work}}
        span = {"traceId": "0a" * 16, "spanId": "0b" * 8, "name": "on", "startTimeUnixNano": "1"}
        spans = [{"spans": [span | {"attributes": [attribute]}]}]
        body = {"resourceSpans": [{"scopeSpans": spans}]}
        assert httpx.post(f"{made.url}/v1/traces", json=body, timeout=PATIENCE).json() == {}
        httpx.post(f"{made.url}/v1/nowhere", timeout=PATIENCE)
        lines = httpx.get(f"{made.url}/metrics", timeout=PATIENCE).text.splitlines()
    finally:
        made.kill()
    kinds = dict(line.split()[2:] for line in lines if line.startswith("# TYPE"))
    helps = dict(line.split(" ", 3)[2:] for line in lines if line.startswith("# HELP"))
    served = {
        f"| `{name}` | {kind} | {_labels(lines, name)} | {helps[name]} |"
        for name, kind in kinds.items()
    }
    listed = re.findall(r"^\| `brownout_.*\|$", DOCS.read_text(), re.MULTILINE)
    assert sorted(served) == listed
