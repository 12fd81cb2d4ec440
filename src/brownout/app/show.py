"""How results look on a terminal: tables by rich, plain where stdout is no terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def result(value: Any, as_json: bool, render: Callable[[Any], RenderableType]) -> None:
    """Print a result as JSON or as a table."""
    if as_json:
        print(json.dumps(value, indent=2))
    else:
        out.print(render(value))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table whose numeric columns are right-aligned (a column is numeric when marked by '#')."""
    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        right = name.startswith("#")
        made.add_column(
            name.lstrip("#"),
            justify="right" if right else "left",
            overflow="fold",
            min_width=max(map(len, name.lstrip("#").split()), default=0) if right else None,
        )
    for row in rows:
        made.add_row(*(_cell(cell) for cell in row))
    return made


def _cell(value: Any) -> RenderableType:
    """Text as it is: what users wrote is no markup."""
    return value if isinstance(value, Text) else Text("-" if value is None else str(value))


def records(title: str, rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """A table of equal dictionaries."""
    if not rows:
        return "nothing"
    return table(title, list(rows[0]), [list(row.values()) for row in rows])


def routes(board: Mapping[str, Any]) -> Table:
    """Rate, p95 against its SLO and errors per route."""
    limits = {slo["route"]: slo for slo in board["slos"]}
    rows = []
    for route, seen in board["routes"].items():
        limit = limits.get(route)
        p95 = seen["p95_ms"]
        mark = Text()
        if limit and p95 is not None:
            over = p95 > limit["p95_ms"]
            mark = Text("over", "red") if over else Text("ok", "green")
        errors = seen["error_rate"]
        rows.append(
            (
                route,
                f"{seen['per_second']:.1f}",
                None if p95 is None else f"{p95:.0f}",
                f"{limit['p95_ms']:.0f}" if limit else None,
                None if errors is None else f"{errors:.1%}",
                mark,
            )
        )
    return table("", ("route", "#req/s", "#p95 ms", "#SLO ms", "#errors", ""), rows)


def pages(board: Mapping[str, Any]) -> list[RenderableType]:
    """The last LCP of each page against its SLO; nothing where no browser opens any."""
    limits = {slo["page"]: slo["lcp_ms"] for slo in board["page_slos"]}
    rows = []
    for page, lcp in board["pages"].items():
        limit = limits.get(page)
        mark = Text()
        if limit is not None:
            kept = lcp is not None and lcp <= limit
            mark = Text("ok", "green") if kept else Text("over", "red")
        seen = "failed" if lcp is None else f"{lcp:.0f}"
        rows.append((page, seen, f"{limit:.0f}" if limit else None, mark))
    return [table("", ("page", "#LCP ms", "#SLO ms", ""), rows)] if rows else []


def services(board: Mapping[str, Any]) -> Table:
    """CPU and memory per service."""
    rows = [
        (name, f"{used['cores']:.2f}", f"{used['megabytes']:.0f}")
        for name, used in board["services"].items()
    ]
    return table("", ("service", "#cores", "#MB"), rows)


def alerts(found: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One line an alert."""
    if not found:
        return "no alerts"
    rows = [(a["id"], a["state"], a.get("text", a["subject"])) for a in found]
    return table("", ("alert", "state", "what"), rows)


def incidents(status: Mapping[str, Any]) -> list[Text]:
    """One line an incident, however many alerts it has; which of them nobody acknowledged."""
    lines = []
    for found in status["incidents"]:
        left = [a for a in found["alerts"] if a not in status["acknowledged"]]
        state = f"{found['firing']} firing" if found["firing"] else "calm again"
        acked = f"{len(left)} not acknowledged" if left else "all acknowledged"
        lines.append(Text(f"{found['text']} ({state}, {acked})"))
    return lines or [Text("no alerts")]


def deployments(found: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One line a deployment."""
    if not found:
        return "no deployments in this drill yet"
    rows = [
        (d["deployment"], f"{d['t']:.0f}", d["kind"], d["ref"], d.get("previous"), d["actor"])
        for d in found
    ]
    return table("", ("id", "#at s", "kind", "what", "before", "by"), rows)


def remaining(status: Mapping[str, Any]) -> str:
    """How much time is left, and what is under way: ", 2:31 left; peak load 8 of 12 s"."""
    left, progress = status.get("left"), status.get("progress")
    text = "" if left is None else f", {clock(left)} left"
    return f"{text}; {progress}" if progress else text


def clock(seconds: float) -> str:
    """Minutes and seconds: 2:31."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def board(status: Mapping[str, Any]) -> Group:
    """The whole board as one page."""
    return Group(
        f"phase {status['phase']}, {status['t']:.0f} s{remaining(status)}",
        *([status["scored"]] if status.get("scored") else []),
        routes(status),
        *pages(status),
        services(status),
        *incidents(status),
        deployments(status["deployments"]),
    )


def completion(event: Mapping[str, Any]) -> None:
    """How an op ended, in one line or a table."""
    value = event["value"]
    if event["kind"] == "fail":
        err.print(f"{event['name']} failed: {value['error']}", markup=False, soft_wrap=True)
    elif value.get("columns"):
        out.print(table("", value["columns"], value["rows"]))
        if "warning" in value:
            err.print(value["warning"], markup=False)
    elif event["name"] == "validate":
        out.print(validation(value))
    elif event["name"] == "try":
        out.print(trial(value))
    elif event["name"] == "hint":
        out.print(f"hint {value['number']} of {value['of']}: {value['hint']}", markup=False)
    else:
        told = ("deployment", "ref", "previous", "warning")
        extra = ", ".join(f"{k} {v}" for k, v in value.items() if k in told)
        out.print(f"{event['name']} done{': ' + extra if extra else ''}", markup=False)


def quality(metrics: Sequence[Mapping[str, Any]]) -> Table:
    """What each golden set came to, with its 95% interval, against its limit."""
    rows = [
        (
            m["name"],
            f"{m['value']:.4g}",
            f"{m['low']:.4g} to {m['high']:.4g}",
            m["n"],
            f"{m['bound'].replace('_', ' ')} {m['limit']:g} {m['unit']}".rstrip(),
            Text("ok", "green") if m["ok"] else Text("broken", "red"),
        )
        for m in metrics
    ]
    return table("", ("metric", "#value", "#95% interval", "#n", "promised", ""), rows)


def trial(value: Mapping[str, Any]) -> Group:
    """The answer of a release on trial: tests, SLOs of its routes, statements."""
    counted = {row["route"]: row for row in value["statements"]}
    rows = []
    for row in value["slos"]:
        count = counted.get(row["route"])
        calls = f"{count['before']:g} -> {count['now']:g}" if count else None
        good = row["ok"] and (count is None or count["ok"])
        figures = (f"{row['p95_ms']:.0f}", f"{row['limit_ms']:.0f}", f"{row['error_rate']:.1%}")
        mark = Text("ok", "green") if good else Text("broken", "red")
        rows.append((row["route"], row["n"], *figures, calls, mark))
    columns = ("route", "#requests", "#p95 ms", "#SLO ms", "#errors", "#statements", "")
    return Group(
        table("", columns, rows),
        *_tests(value["functional"]),
        f"{value['tried']} passed the trial" if value["passed"] else f"{value['tried']} FAILED it",
    )


def _tests(found: Mapping[str, Any]) -> list[str]:
    lines = [f"functional tests: {found['total']} run, {len(found['failures'])} failed"]
    return lines + [f"  {failure}" for failure in found["failures"]]


def validation(value: Mapping[str, Any]) -> Group:
    """The answer of a validation: SLOs, tests, golden sets."""
    rows = [
        (
            row["load"],
            row["route"],
            f"{row['p95_ms']:.0f}",
            f"{row['limit_ms']:.0f}",
            f"{row['error_rate']:.1%}",
            "ok" if row["ok"] else "broken",
        )
        for row in value["slos"]
    ]
    opened = [
        (
            row["load"],
            row["page"],
            "failed" if row["lcp_ms"] is None else f"{row['lcp_ms']:.0f}",
            f"{row['limit_ms']:.0f}",
            row["n"],
            "ok" if row["ok"] else "broken",
        )
        for row in value.get("pages", [])
    ]
    golden = value["golden"]
    lines = _tests(value["functional"])
    lines += [
        f"golden set {m['name']}: {m['value']:g} (limit {m['limit']:g}) "
        f"{'ok' if m['ok'] else 'broken'}"
        for m in golden["metrics"]
    ]
    return Group(
        table("", ("load", "route", "#p95 ms", "#SLO ms", "#errors", ""), rows),
        table("", ("load", "page", "#LCP ms", "#SLO ms", "#visits", ""), opened)
        if opened
        else "pages: not looked at (no real browser opened any)",
        *lines,
        "validation passed" if value["passed"] else "validation NOT passed",
    )
