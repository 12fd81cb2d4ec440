"""What telling costs: CPU time per request with the meter and with other tools, against without.

    .venv/bin/python benchmarks/meter/overhead.py [--only meter] [--cells sqlite-5,...]
                                                  [--before CLONE]

The variants are processes that take turns of about 30 ms, in a new order each time; a round is 10
turns of each. A ratio is the CPU time per request of a variant, all its threads, in a round, over
that of the bare application in the same round. Where its memory lies makes a process some percent
faster or slower for all its life. Hence the meter's processes are forks of one that has served bare
requests, and all are started anew again and again: a start gives the median of its rounds, told are
the mean of the starts and its 95% interval (Student's t). `A/A` is a second bare fork. The meter
sends by the clock on the wall, and these processes get a part of its time: they send after as much
more of it, as one would that serves all the time. There are starts until the meter's intervals are
narrower than .03, or --starts are done; the other tools, processes of their own, take part in the
first --others. With --before, a checkout of an earlier version, its meter takes turns with this
one's, and the ratio of the two, of the same rounds, is told. Interrupted (Ctrl-C), it tells what
there is.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import uuid
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from scipy.special import stdtrit

from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.postgres import Postgres

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
BARE, AGAIN = "bare", "A/A"
METERS = ("meter-default", "meter-full")
EARLIER = {"meter-default": "before-default", "meter-full": "before-full"}
"""The variants of an earlier version, by those of this one."""
OTHERS = ("otel-100", "otel-10", "sentry", "silk", "toolbar")
CELLS = ("sqlite-5", "sqlite-100", "postgres-5", "postgres-100")
NOBODY = "http://127.0.0.1:9"
WORTH = 0.03
FEWEST = 10
TURN, TURNS = 0.03, 10
"""Seconds of CPU time of a turn, at least one request; turns of a round."""

PACKAGES = (
    "django", "psycopg", "django-debug-toolbar", "django-silk", "opentelemetry-sdk",
    "opentelemetry-instrumentation-django", "sentry-sdk",
)  # fmt: skip


def python(folder: Path) -> Path:
    """The interpreter of the benchmark's own environment, made at the first time."""
    found = folder / "bin" / "python"
    wanted = (HERE / "requirements.txt").read_text()
    done = folder / "done.txt"
    if not done.exists() or done.read_text() != wanted:
        print("installing the other tools into an environment of their own", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        command = [found, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"]
        subprocess.run(command, check=True)
        done.write_text(wanted)
    return found


def versions(interpreter: Path) -> str:
    script = (
        "import importlib.metadata as m, sys; print('Python', sys.version.split()[0], *"
        f"[f'· {{p}} {{m.version(p)}}' for p in {PACKAGES!r}])"
    )
    return subprocess.check_output([interpreter, "-c", script], text=True).strip()


@contextlib.contextmanager
def receiver() -> Iterator[str]:
    """Takes whatever is sent, at once."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """The product's own PostgreSQL."""
    with Supervisor(f"benchmark-{uuid.uuid4()}", lambda notice: None) as supervisor:
        found = Postgres(supervisor.run_id, folder, folder / "postgres", free_ports(1)[0], "secret")
        found.initialise(supervisor)
        supervisor.start(found.command(), found.ready, timeout=60)
        found.create_database()
        yield found


class Worker:
    """One variant's process."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands, "w")
        self._answers = os.fdopen(answers)
        self.rss = 0

    def ready(self) -> None:
        self.rss = self._hear()["rss"]

    def run(self, kind: str, count: int) -> float:
        """CPU time per request, ns."""
        self._commands.write(f"{kind} {count}\n")
        self._commands.flush()
        found = self._hear()
        self.rss = found["rss"]
        return float(found["cpu"]) / count

    def _hear(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise SystemExit("a worker ended")
        found: dict[str, Any] = json.loads(line)
        return found

    def stop(self) -> None:
        """The process ends when it is told no more."""
        with contextlib.suppress(BrokenPipeError):
            self._commands.close()
        self._answers.close()


def environment(
    variant: str, given: dict[str, Any], endpoint: str, start: int, earlier: Path | None
) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "DJANGO_", "BROWN"))}
    return kept | {
        "VARIANT": variant,
        "DATABASE": json.dumps(given),
        "EARLIER": str(earlier / "src") if earlier else "",
        "DJANGO_SETTINGS_MODULE": "settings",
        "PYTHONPATH": f"{HERE}{os.pathsep}{SOURCE}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_SERVICE_NAME": "web",
        "PYTHONHASHSEED": str(start + 1),
    }


class Cell:
    """One database and one kind of request; ``ratios``: of each start, by variant."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._kind = "few" if name.endswith("-5") else "many"
        self.ratios: dict[str, list[float]] = {}
        self.bare: list[float] = []

    def start(self, workers: dict[str, Worker], rounds: int, rng: random.Random) -> None:
        """Measure with processes that were just started."""
        once = min(workers[BARE].run(self._kind, 5) for _ in range(3))
        count = max(round(TURN * 1e9 / once), 1)
        took: dict[str, list[float]] = {v: [0.0] * rounds for v in workers}
        for number in range(rounds):
            for _ in range(TURNS):
                for variant in rng.sample(list(workers), len(workers)):
                    took[variant][number] += workers[variant].run(self._kind, count) / TURNS
        self.bare.append(statistics.median(took[BARE]))
        for variant in workers:
            if variant != BARE:
                pairs = zip(took[variant], took[BARE], strict=True)
                found = statistics.median(one / bare for one, bare in pairs)
                self.ratios.setdefault(variant, []).append(found)
        for now, before in EARLIER.items():
            if before in took:
                pairs = zip(took[now], took[before], strict=True)
                found = statistics.median(one / other for one, other in pairs)
                self.ratios.setdefault(f"{now} / {before}", []).append(found)

    def interval(self, variant: str) -> tuple[float, float]:
        found = self.ratios[variant]
        if len(found) < 2:
            return 0.0, math.inf
        half = stdtrit(len(found) - 1, 0.975) * statistics.stdev(found) / len(found) ** 0.5
        return statistics.fmean(found) - half, statistics.fmean(found) + half

    def settled(self) -> bool:
        spans = [self.interval(v) for v in METERS]
        return all(high - low < WORTH for low, high in spans)


def table(cells: list[Cell]) -> str:
    rows = ["| | " + " | ".join(c.name for c in cells) + " |", "|---" * (len(cells) + 1) + "|"]
    for variant in cells[0].ratios:
        texts = []
        for cell in cells:
            low, high = cell.interval(variant)
            text = f"{statistics.fmean(cell.ratios[variant]):.3f}"
            if len(cell.ratios[variant]) > 1:
                text += f" [{low:.3f}, {high:.3f}]"
            if variant in METERS and high - low >= WORTH:
                text += " (wide)"
            texts.append(text)
        rows.append(f"| {variant} | " + " | ".join(texts) + " |")
    bare = [f"{statistics.median(c.bare) / 1e6:.2f} ms" for c in cells]
    rows.append("| bare, CPU per request | " + " | ".join(bare) + " |")
    rows.append("| starts | " + " | ".join(str(len(c.bare)) for c in cells) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--starts", type=int, default=40, help="at most so many")
    parser.add_argument("--rounds", type=int, default=8, help="rounds of a start")
    parser.add_argument("--others", type=int, default=3, help="starts with the other tools")
    parser.add_argument("--only", choices=("meter",), help="leave the other tools out")
    parser.add_argument("--before", type=Path, metavar="CLONE", help="compare with this version")
    parser.add_argument("--away", action="store_true", help="nobody receives what is sent")
    parser.add_argument("--cells", default=",".join(CELLS), help=f"of {','.join(CELLS)}")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cache = Path(os.environ.get("BROWNOUT_CACHE", Path.home() / ".cache" / "brownout"))
    interpreter = python(cache / "benchmark-meter")
    meters = [*METERS, *(EARLIER.values() if args.before else ())]
    variants = [BARE, AGAIN, *meters, *(() if args.only else OTHERS)]
    rng = random.Random(args.seed)
    folder = Path(tempfile.mkdtemp(prefix="brownout-meter-"))
    cells: list[Cell] = []
    print(versions(interpreter), flush=True)
    try:
        with contextlib.ExitStack() as stack:
            endpoint = NOBODY if args.away else stack.enter_context(receiver())
            wanted = args.cells.split(",")
            for engine in dict.fromkeys(c.split("-")[0] for c in wanted):
                server = stack.enter_context(postgres(folder)) if engine == "postgres" else None
                found = [Cell(c) for c in wanted if c.startswith(engine)]
                cells += found
                for start in range(args.starts):
                    chosen = variants if start < args.others else [BARE, AGAIN, *meters]
                    with started(
                        interpreter, folder, server, endpoint, start, chosen, args.before
                    ) as workers:
                        for cell in found:
                            cell.start(workers, args.rounds, rng)
                        memory = {v: (w.rss - workers[BARE].rss) / 1e6 for v, w in workers.items()}
                    load = os.getloadavg()[0]
                    print(f"{engine}: start {start + 1}, load {load:.1f}", file=sys.stderr)
                    if start == 0:
                        told = ", ".join(f"{v} {mb:.1f}" for v, mb in memory.items())
                        print(f"{engine}: MB of memory at most, beyond bare: {told}", flush=True)
                    if start + 1 >= FEWEST and all(cell.settled() for cell in found):
                        break
    except KeyboardInterrupt:
        cells = [cell for cell in cells if cell.bare]
        print("interrupted: told are the starts that were done")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if cells:
        print(table(cells))
    print(f"load at the end: {os.getloadavg()}")


@contextlib.contextmanager
def started(
    interpreter: Path,
    folder: Path,
    server: Postgres | None,
    endpoint: str,
    start: int,
    variants: list[str],
    earlier: Path | None,
) -> Iterator[dict[str, Worker]]:
    """A process for each variant; those of the meter and the bare ones are forks of one."""
    forks = [v for v in variants if v not in OTHERS]
    families = [forks, *([v] for v in variants if v in OTHERS)]
    workers: dict[str, Worker] = {}
    parents: list[subprocess.Popen[bytes]] = []
    try:
        for number, family in enumerate(families):
            given = database(folder, server, f"{start}_{number}")
            told: list[str] = []
            theirs: list[int] = []
            for variant in family:
                (commands, ours), (answers, written) = os.pipe(), os.pipe()
                workers[variant] = Worker(ours, answers)
                told.append(f"{variant}:{commands}:{written}")
                theirs += [commands, written]
            argv = [str(interpreter), str(HERE / "worker.py"), str(len(variants)), *told]
            env = environment(family[0], given, endpoint, start, earlier)
            parents.append(subprocess.Popen(argv, env=env, pass_fds=theirs, start_new_session=True))
            for descriptor in theirs:
                os.close(descriptor)
        for worker in workers.values():
            worker.ready()
        yield workers
    finally:
        for worker in workers.values():
            worker.stop()
        for parent in parents:
            parent.wait()


def database(folder: Path, server: Postgres | None, number: str) -> dict[str, Any]:
    """The settings of a database of its own for each family of processes."""
    if server is None:
        path = str(folder / f"{number}.sqlite3")
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE bench{number} OWNER shop")
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": f"bench{number}", "USER": "shop",
        "PASSWORD": server.password, "HOST": "127.0.0.1", "PORT": server.port,
        "CONN_MAX_AGE": None,
    }  # fmt: skip


if __name__ == "__main__":
    main()
