"""``brownout scan``: which of many series changed, which changed together, and after what."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from brownout.app import scanned, show
from brownout.app.options import one_of
from brownout.app.terminal import interrupts, say
from brownout.model import BrownoutError, MachineError
from brownout.scan import chunks, deployments, outcome, prometheus, tables
from brownout.scan.crew import Alone, Crew, Processes
from brownout.scan.files import table as table_of
from brownout.scan.outcome import Outcome
from brownout.scan.survey import Progress, Survey, survey
from brownout.scan.sweep import Wanted
from brownout.scan.tables import Taken

SECTION = "Your own project"
EXAMPLE = (
    "brownout scan latencies.parquet --deployments releases.csv; "
    "brownout scan --prometheus http://localhost:9090 --query 'rate(http_requests_total[5m])' "
    "--hours 24"
)

DIRECTIONS = ("either", "up", "down")
EVERY = 2.0
"""Seconds between lines of progress."""


def scan(  # noqa: PLR0913, PLR0917 (each is an option of the command line)
    files: Annotated[
        list[Path] | None, typer.Argument(help="Parquet, CSV or JSON lines.", metavar="[FILES]...")
    ] = None,
    series: Annotated[str, typer.Option(help="Column(s) that name the series: a or a,b.")] = "",
    time_: Annotated[str, typer.Option("--time", help="Column of times.")] = "",
    value: Annotated[str, typer.Option(help="Column of values.")] = "",
    prometheus_url: Annotated[
        str, typer.Option("--prometheus", metavar="URL", help="Read from there instead of files.")
    ] = "",
    query: Annotated[str, typer.Option(help="PromQL that gives series.")] = "",
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME: VALUE",
            help=f"A header for it (repeat it for more); or a line each in ${prometheus.HEADERS}.",
        ),
    ] = None,
    hours: Annotated[float, typer.Option(help="How far back.")] = 24.0,
    step: Annotated[
        float | None, typer.Option(help="Seconds between points; else 500 points.")
    ] = None,
    deployed: Annotated[
        Path | None,
        typer.Option("--deployments", help="A file with a time and a name of each deployment."),
    ] = None,
    fdr: Annotated[
        float, typer.Option(help="Share of false ones among the changed series.")
    ] = 0.05,
    min_effect: Annotated[
        float, typer.Option(help="Least change that counts, a share of the level before.")
    ] = 0.02,
    direction: Annotated[str, typer.Option(help="either, up or down.")] = "either",
    workers: Annotated[int | None, typer.Option(help="Processes; else one a core.")] = None,
    on: Annotated[str, typer.Option(help="A Ray cluster: ray://HOST:10001 or HOST:PORT.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write the changes to FILE.parquet or FILE.csv.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw each changed series into this folder (SVG).")
    ] = None,
    top: Annotated[int, typer.Option(help="Changes in the table; pictures at most.")] = 20,
    scratch: Annotated[
        Path | None, typer.Option(help="Folder for sorting; on a cluster, one that all see.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> int:
    """Find changes in many series; the false ones among them are kept to a share (--fdr).

    Exit code 0: no series changed; 1: some did; 2: none could be tested.
    """
    wanted = asked(fdr, min_effect, direction, workers, out, top)
    named = tables.Named(series, time_, value)
    source = Source(named, prometheus_url, query, hours, step, tuple(header or ()))
    with interrupts(interrupt), folder(scratch) as room:
        table = source.table(files or [], room)
        known = deployments.load(deployed, table.calendar) if deployed else []
        parts = chunks.plan(table, room, say)
        done = survey(crew(on, workers, len(parts)), parts, wanted, time.monotonic, Line())
        found = outcome.conclude(done.ledger, fdr, known, table.calendar)
        write(found, table.taken, out, as_json, top)
        if picture is not None:
            drawn(found, parts[0].rows, picture, top)
    return code(found, done)


def asked(
    fdr: float,
    min_effect: float,
    direction: str,
    workers: int | None,
    out: Path | None,
    top: int,
) -> Wanted:
    """Check the options before anything is read."""
    one_of("--direction", direction, DIRECTIONS)
    if not 0 < fdr < 1:
        raise BrownoutError(f"--fdr {fdr:g}: a share between 0 and 1 is wanted")
    if not 0 <= min_effect < 1000:
        raise BrownoutError(
            f"--min-effect {min_effect:g}: a share from 0 on is wanted (0.05 is 5%)"
        )
    if workers is not None and not 1 <= workers <= 1024:
        raise BrownoutError(f"--workers {workers}: 1 to 1024 are wanted")
    if top < 0:
        raise BrownoutError(f"--top {top}: a number from 0 on is wanted")
    if out is not None and out.suffix not in (".parquet", ".csv"):
        raise BrownoutError(f"--out {out}: a name that ends in .parquet or .csv is wanted")
    if out is not None and not out.parent.is_dir():
        raise BrownoutError(f"--out {out}: there is no folder {out.parent}")
    return Wanted(fdr, min_effect, direction)


class Source:
    """Where the series come from: files, or a Prometheus."""

    def __init__(
        self,
        named: tables.Named,
        url: str,
        query: str,
        hours: float,
        step: float | None,
        headers: tuple[str, ...],
    ) -> None:
        self.named, self.url, self.query, self.hours, self.step = named, url, query, hours, step
        self.headers = headers

    def table(self, files: list[Path], room: Path) -> tables.Table:
        """Read a Prometheus into ``room``, or look at the files."""
        if bool(files) == bool(self.url):
            raise BrownoutError("name files to scan, or --prometheus URL with --query, not both")
        if files and self.headers:
            raise BrownoutError("--header is for --prometheus URL; name the URL, too")
        if files:
            return table_of(files, self.named, room)
        if not self.query:
            raise BrownoutError("--prometheus wants --query, e.g. 'rate(http_requests_total[5m])'")
        over = prometheus.over(self.url, self.query, self.hours, self.step, time.time())
        headers = prometheus.headers(self.headers, os.environ.get(prometheus.HEADERS, ""))
        pages = prometheus.fetch(over, room, say, headers)
        return replace(tables.table(pages, tables.Named()), taken=prometheus.TAKEN)


@contextmanager
def folder(scratch: Path | None) -> Iterator[Path]:
    """A folder for what is sorted, gone afterwards."""
    if scratch is not None and not scratch.is_dir():
        raise BrownoutError(f"--scratch {scratch}: no such folder")
    with tempfile.TemporaryDirectory(prefix="brownout-scan-", dir=scratch) as made:
        yield Path(made)


def crew(on: str, workers: int | None, chunks: int) -> Crew:
    """Who does the work."""
    if on:
        from brownout.scan.cluster import Cluster  # Ray is an extra

        return Cluster(on)
    return Processes(workers or cores()) if chunks > 1 else Alone()


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def interrupt() -> None:
    raise KeyboardInterrupt


class Line:
    """Progress on stderr, a line every other second."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, seen: Progress) -> None:
        if seen.seconds - self._told >= EVERY or seen.share >= 1:
            self._told = seen.seconds
            say(str(seen))


def write(found: Outcome, taken: Taken, out: Path | None, as_json: bool, top: int) -> None:
    """Print what was read and found, and write what was found to a file if asked."""
    if out is not None:
        outcome.export(found, out)
        say(f"{len(found.changes):,} changes written to {out}")
    if as_json:
        for record in (scanned.source(taken), *outcome.records(found)):
            print(json.dumps(record))
    else:
        show.out.print(scanned.table(found, taken, top), soft_wrap=False)


def drawn(found: Outcome, rows: str, into: Path, most: int) -> None:
    """A picture of each changed series, the largest first."""
    from brownout.scan import picture

    made = picture.album(found, rows, into, most)
    say(
        f"{made} pictures in {into}"
        + (f"; more: --top {found.changed}" if made < found.changed else "")
    )


def code(found: Outcome, done: Survey) -> int:
    """The exit code; what kept the scan from its end is told."""
    if done.interrupted:
        say(f"brownout: {done.ended}; told is what they show")
        return 130
    if done.ended:
        raise MachineError(done.ended)
    if found.changes:
        return 1
    if found.untested:
        say(f"brownout: nothing was tested: none of {done.ledger.series:,} series has an answer")
        return 2
    return 0
