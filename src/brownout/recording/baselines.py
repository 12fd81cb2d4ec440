"""The baseline store: what calm traffic looked like on this machine, kept beyond its drill.

In the cache folder, ``baselines/<machine>/<size>/<release>/<moment>/``: ``requests.parquet``
(route, latency in ns, failed: one row a request of the users), ``work.parquet`` (the counters and
times of each wide event, as in the recording), ``machine.parquet`` (each second), ``about.json``.
Comparisons of releases and machines take them as independent runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from brownout import __version__, store
from brownout.model import MachineError, Recording

KEPT = 20
"""Baselines of one machine, size and release; the oldest goes when another comes."""

QUERIES = {
    "requests": "SELECT route, latency, failed FROM outcomes WHERE intended BETWEEN {a} AND {b}",
    "work": "SELECT * EXCLUDE (trace_id, pid, thread) FROM work WHERE start BETWEEN {a} AND {b}",
    "machine": "SELECT * FROM machine WHERE ts BETWEEN {a} AND {b}",
}
RELEASE = "SELECT release FROM work WHERE start BETWEEN ? AND ? GROUP BY 1 ORDER BY count(*) DESC"


@dataclass(frozen=True, slots=True)
class Baseline:
    """One window of calm traffic. ``about``: machine, brownout, size, release, start, end (ns)."""

    folder: Path
    about: dict[str, Any]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a SELECT over ``requests``, ``work`` and ``machine``."""
        with duckdb.connect() as connection:
            for table in QUERIES:
                path = str(self.folder / f"{table}.parquet").replace("'", "''")
                connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{path}')")
            return connection.execute(sql).fetchall()

    def latencies(self) -> dict[str, list[int]]:
        """route -> latencies in ns, in order of size; requests without an answer are left out."""
        rows = self.query(
            "SELECT route, list(latency ORDER BY latency) FROM requests WHERE NOT failed "
            "GROUP BY route ORDER BY route"
        )
        return dict(rows)


def keep(recording: Recording, size: str) -> Path | None:
    """Keep the baseline of a finished drill -> its folder; None when it has none.

    Raises MachineError or OSError when it cannot be written.
    """
    window = recording.windows.get("baseline")
    releases = recording.query(RELEASE, [window.start, window.end]) if window else []
    if not window or not releases:
        return None
    about = {
        "machine": store.machine(),
        "brownout": __version__,
        "size": size,
        "release": releases[0][0],
        "start": window.start,
        "end": window.end,
    }
    place = _place(size, about["release"])
    fresh = place / f".{window.start}-{os.getpid()}"
    fresh.mkdir(parents=True, exist_ok=True)
    try:
        for table, text in QUERIES.items():
            path = str(fresh / f"{table}.parquet").replace("'", "''")
            select = text.format(a=window.start, b=window.end)
            recording.query(f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.Error as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise MachineError(str(error).splitlines()[0]) from error
    (fresh / "about.json").write_text(json.dumps(about, indent=1))
    kept = place / str(window.start)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)
    for old in sorted(_complete(place))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return kept


def known(size: str, release: str) -> list[Baseline]:
    """This machine's baselines of a size and release, the oldest first."""
    return [
        Baseline(folder, json.loads((folder / "about.json").read_text()))
        for folder in sorted(_complete(_place(size, release)))
    ]


def _complete(place: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (p for p in place.iterdir() if p.name.isdecimal())


def _place(size: str, release: str) -> Path:
    machine = hashlib.sha256(json.dumps(store.machine()).encode()).hexdigest()[:16]
    return store.cache_folder() / "baselines" / machine / size / release.replace("/", "_")
