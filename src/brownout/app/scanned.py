"""What a scan found, as tables for people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.text import Text

from brownout.app import show
from brownout.scan import outcome
from brownout.scan.outcome import Outcome
from brownout.scan.tables import Taken

GROUPS = ("#", "began", "#changes", "after deployment", "deployed")
CHANGES = ("#group", "series", "at", "#before", "#after", "#change", "#95% interval", "")


def source(taken: Taken) -> dict[str, Any]:
    """What was read as what, as a record."""
    left_out = [{"reason": why, "rows": n} for why, n in taken.left_out.items()]
    return {"kind": "source", **asdict(taken), "left_out": left_out}


def table(found: Outcome, taken: Taken, top: int) -> RenderableType:
    """What was read, groups, the largest changes and the counts, for people."""
    lines: list[RenderableType] = [
        Text(
            f"read as {taken.format}: series from {taken.series}, time from {taken.time}, "
            f"value from {taken.value}"
        ),
        *(Text(f"left out: {n:,} rows: {why}") for why, n in taken.left_out.items()),
    ]
    if found.changes:
        lines += [show.table("changed together", GROUPS, group_rows(found, top)), ""]
        lines += [show.table("", CHANGES, change_rows(found, top)), ""]
        if len(found.changes) > top:
            lines.append(f"{len(found.changes) - top:,} more: --top, --out FILE or --json")
    told = found.summary()
    lines.append(
        f"{told['changed']:,} of {told['tested']:,} series changed ({told['changes']:,} changes); "
        f"of 100 such series, {100 * found.level:g} at most are expected not to have"
    )
    lines += [f"inconclusive: {n:,} series: {why}" for why, n in told["reasons"].items()]
    lines += [f"note: {n:,} series: {what}" for what, n in told["notes"].items()]
    return Lines(*lines)


def group_rows(found: Outcome, top: int) -> list[tuple[Any, ...]]:
    def told(at: float) -> str | float:
        return outcome.moment(at, found.calendar)

    rows = []
    for i, (group, deployment) in enumerate(found.groups[:top], 1):
        first, last = told(group.low), told(group.high)
        began = first if first == last else f"{first} to {last}"
        name, at = (deployment.name, told(deployment.at)) if deployment else (None, None)
        rows.append((i, began, len(group.members), name, at))
    return rows


def change_rows(found: Outcome, top: int) -> list[tuple[Any, ...]]:
    rows = []
    group_of = {m: i for i, (g, _) in enumerate(found.groups, 1) for m in g.members}
    for k, (change, _, _) in enumerate(found.changes[:top]):
        ratio = f"{100 * (change.ratio - 1):+.1f}%" if change.ratio else f"{change.effect:+.4g}"
        interval = f"{change.least:+.4g} to {change.most:+.4g}"
        at = outcome.moment(change.at, found.calendar)
        numbers = (f"{change.before:.5g}", f"{change.after:.5g}", ratio, interval)
        rows.append((group_of[k], change.series, at, *numbers, outcome.remark(change)))
    return rows
