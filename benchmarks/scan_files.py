"""Large files of load generators: scanned, read as a scan reads them, and read with pandas.

    .venv/bin/python benchmarks/scan_files.py [--megabytes 100] [--rounds 5] [--pandas PYTHON]

All in one run, in turns, a process each; told is the median of each figure. "read" is the time
after the imports: of a scan until its points lie by series and second in a file, of pandas until
the file is a data frame ("pandas") or has been grouped like that, too ("pandas, grouped").
Memory is that of all processes together, PSS. pandas is in brownout[bench], or PYTHON's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from scan import Memory

BEGIN = 1_790_000_000
JTL = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,"
    "failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
)
K6 = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,"
    "name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n"
)
METRICS = (
    "http_req_duration", "http_req_blocked", "http_req_connecting", "http_req_tls_handshaking",
    "http_req_sending", "http_req_waiting", "http_req_receiving",
)  # fmt: skip

TIMED = "import time; began = time.perf_counter(), time.process_time()\n"
TOLD = "\nprint(time.perf_counter() - began[0], time.process_time() - began[1])"
OURS = f"""import pathlib, sys, tempfile
from brownout.scan import files, tables
{TIMED}with tempfile.TemporaryDirectory() as room:
    files.table([pathlib.Path(sys.argv[1])], tables.Named(), pathlib.Path(room)){TOLD}"""
PANDAS = f"import sys, pandas\n{TIMED}read = pandas.{{}}{TOLD}"
GROUPED = f"import sys, pandas\n{TIMED}read = pandas.{{}}\n{{}}{TOLD}"
READ = {
    "jtl": "read_csv(sys.argv[1])",
    "csv": "read_csv(sys.argv[1])",
    "json": "read_json(sys.argv[1], lines=True)",
}
GROUP = {
    "jtl": "read.groupby(['label', read.timeStamp // 1000]).elapsed.median()",
    "csv": "read.groupby(['metric_name', 'name', 'timestamp']).metric_value.median()",
    "json": "read = read[read.type == 'Point']\n"
    "data = pandas.DataFrame(read.data.tolist())\n"
    "at = pandas.to_datetime(data.time, format='ISO8601').dt.floor('s')\n"
    "name = data.tags.map(lambda tags: tags.get('name'))\n"
    "data.value.groupby([read.metric.to_numpy(), name, at]).median()",
}


def jtl() -> Iterator[str]:
    rng = random.Random(1)
    yield JTL
    for i in range(10**9):
        took = int(rng.gauss(300, 30))
        yield (
            f"{1000 * BEGIN + 5 * i},{took},route {i % 8},200,OK,users 1-{i % 50},text,true,,5000,"
            f"120,50,50,http://shop.test/api/route/{i % 8}?page={i % 97},{took - 9},0,2\n"
        )


def k6_csv() -> Iterator[str]:
    rng = random.Random(2)
    yield K6
    for i in range(10**9):
        url = f"http://shop.test/api/books/{i % 8}"
        tags = f",,,true,,GET,{url},HTTP/1.1,default,,200,,,{url},,\n"
        yield f"http_reqs,{BEGIN + i // 50},1.000000,{tags}"
        for metric in METRICS:
            yield f"{metric},{BEGIN + i // 50},{rng.gauss(80, 5):.6f},{tags}"


def k6_json() -> Iterator[str]:
    rng = random.Random(3)
    for metric in ("http_reqs", *METRICS):
        sort = "counter" if metric == "http_reqs" else "trend"
        data = {"name": metric, "type": sort, "contains": "time", "thresholds": []}
        yield json.dumps({"type": "Metric", "data": data, "metric": metric}) + "\n"
    for i in range(10**9):
        url = f"http://shop.test/api/books/{i % 8}"
        tags = {"expected_response": "true", "group": "", "method": "GET", "name": url}
        tags |= {"proto": "HTTP/1.1", "scenario": "default", "status": "200", "url": url}
        at = datetime.fromtimestamp(BEGIN + i / 50, UTC).isoformat(timespec="microseconds")
        for metric in ("http_reqs", *METRICS):
            value = 1 if metric == "http_reqs" else round(rng.gauss(80, 5), 6)
            data = {"time": at, "value": value, "tags": tags}
            yield json.dumps({"metric": metric, "type": "Point", "data": data}) + "\n"


FILES = {"jtl": jtl, "csv": k6_csv, "json": k6_json}


def make(folder: Path, kind: str, size: int) -> Path:
    """A file of so many bytes."""
    path = folder / f"load.{kind}"
    with path.open("w") as file:
        written = 0
        for line in FILES[kind]():
            written += file.write(line)
            if written >= size:
                return path
    raise AssertionError


def measured(argv: list[str]) -> tuple[float, float, float, float, float]:
    """Of a process: (seconds, CPU seconds, MB, seconds and CPU seconds of reading; 0 if untold)."""
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    memory = Memory(process.pid)
    memory.start()
    assert process.stdout
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    memory.stop.set()
    memory.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(argv)[:300]} ended with exit code {process.returncode}")
    told = [float(word) for word in out.split()] if len(out.split()) == 2 else [0.0, 0.0]
    return seconds, used.ru_utime + used.ru_stime, memory.most / 1e6, told[0], told[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pandas", default=sys.executable, help="a Python that has pandas")
    args = parser.parse_args()
    print(f"{'':22}{'s':>7}{'CPU s':>8}{'MB':>7}{'read s':>9}{'read CPU s':>12}")
    with tempfile.TemporaryDirectory(prefix="brownout-files-") as made:
        for kind in FILES:
            path = make(Path(made), kind, args.megabytes * 1_000_000)
            compare(kind, path, args.pandas, args.rounds)
            path.unlink()


def compare(kind: str, path: Path, pandas: str, rounds: int) -> None:
    """Print the figures for one file."""
    commands = {
        "scan": [sys.executable, "-m", "brownout.app.cli", "scan", str(path), "--json"],
        "scan, reading alone": [sys.executable, "-c", OURS, str(path)],
        "pandas": [pandas, "-c", PANDAS.format(READ[kind]), str(path)],
        "pandas, grouped": [pandas, "-c", GROUPED.format(READ[kind], GROUP[kind]), str(path)],
    }
    figures = {name: [] for name in commands}
    for _ in range(rounds):
        for name, argv in commands.items():
            figures[name].append(measured(argv))
    print(f"{kind}, {path.stat().st_size / 1e6:.0f} MB")
    for name, rows in figures.items():
        s, cpu, mb, read, read_cpu = (statistics.median(f) for f in zip(*rows, strict=True))
        told = f"{read:9.2f}{read_cpu:12.2f}" if read else ""
        print(f"  {name:20}{s:7.2f}{cpu:8.2f}{mb:7.0f}{told}", flush=True)


if __name__ == "__main__":
    main()
