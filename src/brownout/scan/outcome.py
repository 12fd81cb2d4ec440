"""What a scan found: the changes of series that are discoveries, in groups; what has no answer."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brownout.scan.database import connection, ident, quoted, told
from brownout.scan.sweep import UNFIT, Part
from brownout.stats.scan import Change, Deployment, Group, adjusted, groups, nearest, threshold

COLUMNS = (
    "series", "time", "time_low", "time_high", "before", "after",
    "effect", "effect_low", "effect_high", "ratio", "direction",
    "p", "q", "remark", "group_id", "deployment",
)  # fmt: skip
"""Of an exported table."""

UNITS = {1000: "1,000", 1024: "1,024", 60: "60", 1_000_000: "1,000,000", 1_000_000_000: "10^9"}
"""Ratios that look like a change of unit, not of what is measured."""


@dataclass(slots=True)
class Ledger:
    """Parts of a scan as they come in; what must be kept of each series is its p-value."""

    p: list[NDArray[np.float64]] = field(default_factory=list)
    changes: list[tuple[float, Change]] = field(default_factory=list)
    unfit: list[tuple[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    points: int = 0

    def add(self, part: Part) -> None:
        """Take in what came of one chunk."""
        self.p.append(part.p)
        self.changes += part.changes
        self.unfit += part.unfit[: max(UNFIT - len(self.unfit), 0)]
        self.reasons.update(reason for _, reason in part.unfit)
        self.notes.update(part.notes)
        self.points += part.points

    @property
    def series(self) -> int:
        return sum(map(len, self.p)) + self.reasons.total()


@dataclass(frozen=True, slots=True)
class Outcome:
    """``changes`` with the p- and q-value of their series, in the order of ``groups``."""

    changes: tuple[tuple[Change, float, float], ...]
    groups: tuple[tuple[Group, Deployment | None], ...]
    ledger: Ledger
    level: float
    calendar: bool

    @property
    def changed(self) -> int:
        """Series that changed."""
        return len({c.series for c, _, _ in self.changes})

    @property
    def untested(self) -> bool:
        """Whether no series had an answer: then none that changed is no good news."""
        return not any(map(len, self.ledger.p))

    def summary(self) -> dict[str, Any]:
        """The counts."""
        ledger = self.ledger
        tested = sum(map(len, ledger.p))
        return {
            "series": ledger.series,
            "points": ledger.points,
            "tested": tested,
            "changed": self.changed,
            "changes": len(self.changes),
            "groups": len(self.groups),
            "inconclusive": ledger.reasons.total(),
            "reasons": dict(ledger.reasons.most_common()),
            "notes": dict(ledger.notes.most_common()),
            "false_discovery_rate": self.level,
        }


def conclude(
    ledger: Ledger, level: float, deployments: Sequence[Deployment], calendar: bool
) -> Outcome:
    """Call discoveries at this false discovery rate, over all series that were tested."""
    called = discoveries(ledger, level)
    at, low, high = np.array([(c.at, c.low, c.high) for c, _, _ in called]).reshape(-1, 3).T
    changes: list[tuple[Change, float, float]] = []
    together = []
    for group in groups(low, high):
        members = sorted(group.members, key=lambda m: (-size(called[m][0]), called[m][0].series))
        first = len(changes)
        changes += [called[m] for m in members]
        whole = np.array(members)
        moved = Group(group.low, group.high, tuple(range(first, len(changes))))
        together.append((moved, nearest(deployments, at[whole], low[whole], high[whole])))
    return Outcome(tuple(changes), tuple(together), ledger, level, calendar)


def discoveries(ledger: Ledger, level: float) -> list[tuple[Change, float, float]]:
    """The changes of the series that are called changed, with the series' p- and q-values."""
    p = np.sort(np.concatenate(ledger.p)) if ledger.p else np.empty(0)
    limit, q = threshold(p, level), adjusted(p)
    return [
        (change, own, float(q[np.searchsorted(p, own)]))
        for own, change in ledger.changes
        if own <= limit
    ]


def size(change: Change) -> float:
    """The size by which changes are listed: of the ratio where there is one."""
    return abs(math.log(change.ratio)) if change.ratio else math.inf


def remark(change: Change) -> str:
    """What a change looks like beside a change of level; mostly nothing."""
    ratio = change.ratio or 1.0
    for unit, name in UNITS.items():
        if any(abs(r / unit - 1) < 0.02 for r in (ratio, 1 / ratio)):
            return f"a factor of {name}: did the unit change?"
    return ""


def moment(at: float, calendar: bool) -> str | float:
    """A time for people: UTC for times of the calendar, numbers as they are."""
    if not calendar:
        return int(at) if at == int(at) else at
    text = datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="milliseconds")
    return text.removesuffix("+00:00").removesuffix(".000")


def records(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Everything found as JSON lines: a kind each; the summary is last."""

    def told(at: float) -> str | float:
        return moment(at, outcome.calendar)

    group_of = {m: i for i, (g, _) in enumerate(outcome.groups, 1) for m in g.members}
    for i, (group, deployment) in enumerate(outcome.groups, 1):
        yield {
            "kind": "group",
            "group_id": i,
            "time_low": told(group.low),
            "time_high": told(group.high),
            "changes": len(group.members),
            "deployment": deployment.name if deployment else None,
            "deployed_at": told(deployment.at) if deployment else None,
        }
    for k, (change, p, q) in enumerate(outcome.changes):
        deployment = outcome.groups[group_of[k] - 1][1]
        yield {"kind": "change", **row(change, p, q, told), "group_id": group_of[k],
               "deployment": deployment.name if deployment else None}  # fmt: skip
    for name, reason in outcome.ledger.unfit:
        yield {"kind": "inconclusive", "series": name, "reason": reason}
    yield {"kind": "summary", **outcome.summary()}


def row(change: Change, p: float, q: float, told: Any) -> dict[str, Any]:
    """One change, flat."""
    return {
        "series": change.series,
        "time": told(change.at),
        "time_low": told(change.low),
        "time_high": told(change.high),
        "before": change.before,
        "after": change.after,
        "effect": change.effect,
        "effect_low": change.least,
        "effect_high": change.most,
        "ratio": change.ratio,
        "direction": "up" if change.effect > 0 else "down",
        "p": p,
        "q": q,
        "remark": remark(change) or None,
    }


def export(outcome: Outcome, path: Path) -> None:
    """Write the changes to a Parquet or CSV file, by its ending; the file is whole or not there."""
    when = "TIMESTAMP" if outcome.calendar else "DOUBLE"
    types = dict.fromkeys(COLUMNS, "DOUBLE") | {"time": when, "time_low": when, "time_high": when}
    types |= dict.fromkeys(("series", "direction", "remark", "deployment"), "VARCHAR")
    types["group_id"] = "BIGINT"
    columns = ", ".join(f"{ident(name)}: '{type_}'" for name, type_ in types.items())
    made = path.with_name(f".{path.name}.part")
    lines = path.with_name(f".{path.name}.lines")
    try:
        with lines.open("w", encoding="utf-8") as file:
            for record in records(outcome):
                if record["kind"] == "change":
                    file.write(json.dumps(record) + "\n")
        form = "parquet" if path.suffix == ".parquet" else "csv, HEADER"
        with connection() as db, told(str(path)):
            db.execute(
                f"COPY (SELECT * FROM read_json({quoted(str(lines))}, columns = {{{columns}}}, "
                f"format = 'newline_delimited')) TO {quoted(str(made))} (FORMAT {form})"
            )
        made.replace(path)
    finally:
        lines.unlink(missing_ok=True)
        made.unlink(missing_ok=True)
