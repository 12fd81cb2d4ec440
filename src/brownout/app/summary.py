"""What a recorded command did: a line per route and task, and how to ask for more."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from rich.console import RenderableType

from brownout.app import show
from brownout.app.terminal import say

ROUTES = """
SELECT kind, route, count(*), quantile_cont(duration, .5) / 1e6, quantile_cont(duration, .95) / 1e6,
       avg(cpu) / 1e6, avg(sql_calls), avg(sql_rows),
       avg(coalesce(list_sum([s.repeats for s in sql]), 0)), avg(ai_calls),
       count(*) FILTER (CASE kind WHEN 'request' THEN status >= 500 ELSE status <> 0 END),
       count(*) FILTER (abandoned)
FROM work GROUP BY kind, route ORDER BY sum(duration) DESC, route
"""
FIELDS = (
    *("kind", "route", "count", "p50_ms", "p95_ms", "cpu_ms", "queries", "rows"),
    *("repeats", "calls", "errors", "abandoned"),
)
COLUMNS = (
    *("route, task or command", "#n", "#p50 ms", "#p95 ms", "#CPU ms", "#queries", "#rows"),
    *("#repeats", "#calls", "#errors", "#left"),
)

NOBODY = (
    "No Django application was metered. Either none was started (the command must start Python "
    "with the PYTHONPATH it is given: not with -I or -E, not in a container of its own), or it "
    "ended before it was ready."
)
NOTHING = "It was metered, and served no request and ran no task or command."
MORE = (
    "SELECT route, shape, caller, sum(calls) FROM sql_calls GROUP BY ALL ORDER BY 4 DESC LIMIT 20"
)


def enrolled(roll: Path) -> list[dict[str, Any]]:
    """Who said to be metered: role, pid, Django, Python. A torn line is passed over."""
    found = []
    for line in roll.read_text().splitlines() if roll.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def tell(
    recording: Path,
    command: Sequence[str],
    code: int,
    roll: Sequence[Mapping[str, Any]],
    as_json: bool,
) -> None:
    """Print it: JSON on stdout, else for people on stderr, for stdout is the command's."""
    found = summary(recording) | {
        "command": list(command),
        "exit_code": code,
        "metered": list(roll),
    }
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        show.err.print(table(found))
        for line in more(found):
            say(line)


def summary(recording: Path) -> dict[str, Any]:
    """Per route and task: count, p50 and p95 in ms, and means of its work."""
    with duckdb.connect(str(recording), read_only=True) as read:
        found = read.execute(ROUTES).fetchall()
    rows = [dict(zip(FIELDS, row, strict=True)) for row in found]
    rounded = [{k: round(v, 3) if isinstance(v, float) else v for k, v in r.items()} for r in rows]
    return {"recording": shown(recording), "routes": rounded, "query": query(recording)}


def query(recording: Path) -> str:
    """A command line that asks the recording."""
    script = (
        f"import duckdb; print(duckdb.connect({json.dumps(shown(recording))}, read_only=True)"
        f".sql({json.dumps(MORE)}))"
    )
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(script)}"


def shown(path: Path) -> str:
    """A path as short as it can be pasted here."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def table(found: Mapping[str, Any]) -> RenderableType:
    """The summary for people."""
    if not found["metered"] and not found["routes"]:
        return NOBODY
    if not found["routes"]:
        return NOTHING
    rows = [
        (
            *(r["route"], r["count"], *(_mean(r[k]) for k in ("p50_ms", "p95_ms", "cpu_ms"))),
            *(_mean(r[k]) for k in ("queries", "rows", "repeats", "calls")),
            *(r[k] for k in ("errors", "abandoned")),
        )
        for r in found["routes"]
    ]
    return show.table("", COLUMNS, rows)


def _mean(value: float | None) -> str | None:
    """None where no event has it measured."""
    return None if value is None else f"{value:.1f}"


def more(found: Mapping[str, Any]) -> list[str]:
    """What to say below the table: lines that are pasted are not to be wrapped."""
    lines = [
        "n: how many; queries to calls: means of one; repeats: queries asked before in it; "
        "left: users who left before the answer was complete; -: not measured"
    ]
    return [
        *(lines if found["routes"] else []),
        f"recorded in {found['recording']}; ask it, for example:",
        found["query"],
    ]
