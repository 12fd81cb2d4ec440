"""What a recorded command did: a line per route and task, and how to ask for more."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brownout.app.terminal import say

# What draws tables is heavy beside a short command.
if TYPE_CHECKING:
    from rich.console import RenderableType

ROUTES = """
SELECT kind, route, count(*), quantile_cont(duration, .5) / 1e6, quantile_cont(duration, .95) / 1e6,
       avg(cpu) / 1e6, avg(sql_calls), avg(coalesce(list_max([s.calls for s in sql]), 0)),
       avg(list_max([s.calls for s in sql]) / items) FILTER (items > 0), avg(sql_rows),
       avg(rows_read), avg(coalesce(list_sum([s.repeats for s in sql]), 0)), avg(ai_calls),
       count(*) FILTER (CASE kind WHEN 'request' THEN status >= 500 ELSE status <> 0 END),
       count(*) FILTER (abandoned)
FROM work GROUP BY kind, route ORDER BY sum(duration) DESC, route
"""
COLUMNS = {
    "route": "route, task or command", "count": "#n", "p50_ms": "#p50 ms", "p95_ms": "#p95 ms",
    "cpu_ms": "#CPU ms", "queries": "#queries", "of_one": "#of one", "per_item": "#per item",
    "rows": "#rows", "rows_read": "#read", "repeats": "#repeats", "calls": "#calls",
    "errors": "#errors", "abandoned": "#left",
}  # fmt: skip
"""Field of a route -> its column."""

FIELDS = ("kind", *COLUMNS)
SOMETIMES = ("per_item", "rows_read", "abandoned")
"""Columns that are shown where there is anything in them."""

IN_FILES = 120
"""Characters of a line where stderr is no terminal."""

NOBODY = (
    "No Django application was metered. Either none was started (the command must start Python "
    "with the PYTHONPATH it is given: not with -I or -E, not in a container of its own), or it "
    "ended before it was ready."
)
NOTHING = "It was metered, and served no request and ran no task or command."
MORE = (
    "SELECT route, shape, caller, sum(calls) calls, max(calls) most, sum(repeats) repeats "
    "FROM sql_calls GROUP BY ALL ORDER BY calls DESC LIMIT 20"
)


Rows = Sequence[Sequence[Any]]


@dataclass
class Recorded:
    """What a run leaves: who said to be metered, and the answer to ``ROUTES``."""

    metered: list[dict[str, Any]] = field(default_factory=list)
    rows: Rows = ()


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
    recording: Path, command: Sequence[str], code: int, recorded: Recorded, as_json: bool
) -> None:
    """Print it: JSON on stdout, else for people on stderr, for stdout is the command's."""
    found = summary(recording, recorded.rows) | {
        "command": list(command),
        "exit_code": code,
        "metered": recorded.metered,
    }
    if as_json:
        print(json.dumps(found, indent=2))
        return
    if found["routes"]:
        from brownout.app import show

        show.err.print(table(found["routes"]), width=None if show.err.is_terminal else IN_FILES)
    else:
        say(NOTHING if found["metered"] else NOBODY)
    for line in more(found):
        say(line)


def summary(recording: Path, found: Rows) -> dict[str, Any]:
    """Per route and task: count, p50 and p95 in ms, and means of its work. ``found``: the answer
    to ``ROUTES``."""
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


def table(routes: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The summary for people."""
    from brownout.app import show

    columns = [c for c in COLUMNS if c not in SOMETIMES or any(r[c] for r in routes)]
    rows = [[_cell(route[c]) for c in columns] for route in routes]
    drawn = show.table("", [COLUMNS[c] for c in columns], rows)
    drawn.padding = (0, 1, 0, 0)  # else routes have no room
    return drawn


def _cell(value: Any) -> Any:
    """Means to the tenth, small ones to the hundredth; None where no event has it measured."""
    if not isinstance(value, float):
        return value
    return f"{value:.2f}" if 0 < value < 1 else f"{value:.1f}"


def more(found: Mapping[str, Any]) -> list[str]:
    """What to say below the table: lines that are pasted are not to be wrapped."""
    lines = [
        "n: how many; queries to calls: means of one; -: not measured",
        "of one: calls of the statement asked most by one line; per item: these for each item of "
        "the answer (about 1: a query an item); repeats: queries asked before with the same values",
        "read: rows that the database read; left: users who left before the answer was complete",
    ]
    return [
        *(lines if found["routes"] else []),
        f"recorded in {found['recording']}; ask it, for example:",
        found["query"],
    ]
