"""Does the load generator tell the truth, and what does it cost?

    python benchmarks/load.py --rate 3 --seconds 30

Plays against a server with known latencies (known_server.py) and prints the rate and the quantiles
that were recorded beside the true ones, and the generator's share of a core.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from brownout.load.arrivals import NS, Arrival, Second, arrivals
from brownout.load.visits import World
from brownout.stats.quantiles import quantile

WORLD = {
    "visitors": [f"{n:032x}" for n in range(1000)],
    "emails": [f"customer{n}@example.com" for n in range(1000)],
    "books": list(range(1, 20_001)),
    "genres": ["crime", "poetry"],
    "assets": ["/assets/a.js", "/assets/b.js", "/assets/c.css"],
    "parts": {page: [f"/assets/{page}.js"] for page in ("Books", "Book", "Search", "Cart")},
    "images": [f"/assets/{number}.svg" for number in range(48)],
    "sessions": ["s"],
    "accounts": True,
    "assistant": True,
}
START = 5
"""Seconds that the generator has to start."""

SETTLE = 3
"""Seconds at either end that are not looked at: visits begin, and end."""


@contextlib.contextmanager
def known_server() -> Iterator[str]:
    """Its URL, while it runs."""
    argv = [sys.executable, str(Path(__file__).with_name("known_server.py"))]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def measure(rate: float, seconds: float, seed: int = 7) -> dict[str, Any]:
    """Play for so long; rates in 1/s, times in ms, CPU in cores: recorded and true."""
    with known_server() as url, tempfile.TemporaryDirectory() as folder:
        world = Path(folder, "world.json")
        world.write_text(json.dumps(WORLD))
        argv = [sys.executable, "-m", "brownout.load.runner", "--url", url, "--collector", url]
        began = time.time_ns() + START * NS
        argv += ["--world", str(world), "--seed", str(seed), "--rate", str(rate)]
        argv += ["--began", str(began)]
        with subprocess.Popen(
            argv,
            env={**os.environ, "BROWNOUT_TOKEN": "x"},
            stdout=subprocess.PIPE,
        ) as generator:
            assert generator.stdout
            generator.stdout.readline()
            process = psutil.Process(generator.pid)
            threading.Event().wait((began - time.time_ns()) / NS + SETTLE)
            before = process.cpu_times()
            threading.Event().wait(seconds)
            after = process.cpu_times()
            threading.Event().wait(SETTLE)
            memory = process.memory_info().rss
            generator.terminate()
            generator.wait()
        cores = (after.user + after.system - before.user - before.system) / seconds
        return {
            "cores": round(cores, 4),
            "megabytes": round(memory / 1e6, 1),
            **told(ask(f"{url}/rows/requests"), ask(f"{url}/delays"), (seed, began, rate, seconds)),
        }


def told(
    rows: list[dict[str, Any]], waits: dict[str, float], play: tuple[int, int, float, float]
) -> dict[str, Any]:
    """What was recorded, beside the truth; ``play``: seed, its beginning (ns), rate and seconds.

    The true latencies are the server's own: how long it made each of these requests wait. The true
    rate is the schedule's, drawn anew here, with these waits.
    """
    seed, began, rate, seconds = play
    start, end = began + SETTLE * NS, began + int((SETTLE + seconds) * NS)
    wanted = {
        trace_id: moment
        for number in range(int(seconds) + 2 * SETTLE + 5)
        for arrival in arrivals(seed, Second(number, began + number * NS, rate), World(**WORLD))
        for trace_id, moment in moments(arrival, waits)
    }
    seen = [row for row in rows if start <= row["intended"] < end]
    recorded = {
        "rate": len(seen) / seconds,
        **quantiles([row["latency"] / 1e6 for row in seen]),
    }
    true = {
        "rate": sum(start <= moment < end for moment in wanted.values()) / seconds,
        **quantiles([waits[row["trace_id"]] for row in seen]),
    }
    return {
        "requests": len(seen),
        "failed": sum(row["status"] != 200 for row in rows),
        "strangers": sum(row["trace_id"] not in wanted for row in rows),
        **{name: {"recorded": recorded[name], "true": true[name]} for name in recorded},
    }


def moments(arrival: Arrival, waits: dict[str, float]) -> Iterator[tuple[str, float]]:
    """When each request of a visit is wanted (ns): at its time, but not before all those of the
    wave before it have been answered."""
    free: float = arrival.due
    for wave in arrival.visit.waves():
        moment = max(arrival.due + wave[0].after * NS, free)
        yield from ((step.trace_id, moment) for step in wave)
        free = moment + max(waits.get(step.trace_id, 0.0) for step in wave) * 1e6


def quantiles(ms: list[float]) -> dict[str, float]:
    return {f"p{round(q * 100)}": round(quantile(ms, q), 2) for q in (0.5, 0.9, 0.95, 0.99)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the load generator's truth and cost.")
    parser.add_argument("--rate", type=float, default=3.0, help="visits a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    args = parser.parse_args()
    print(json.dumps(measure(args.rate, args.seconds), indent=1))


if __name__ == "__main__":
    main()
