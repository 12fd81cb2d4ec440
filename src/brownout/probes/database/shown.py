"""What the probe saw of a PostgreSQL, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brownout.probes.database import indexes as relations
from brownout.probes.database.activity import Activity
from brownout.probes.database.plans import Plan
from brownout.probes.database.scans import Scan, sequential
from brownout.probes.database.statements import Statement, short
from brownout.probes.terms import Table

SHOWN = 20
"""Rows of a table; all statements are in the file."""

QUIET = ("not in the window", "never, but a constraint's")

Rows = Mapping[int, dict[str, Any]]


def statements(ran: Sequence[Statement]) -> Table:
    total = sum(s.ms for s in ran) or 1.0
    columns = (
        ("calls", ""), ("rows", ""), ("total", "ms"), ("mean", "ms"), ("share", "%"),
        ("hit", "blocks"), ("read", "blocks"), ("temp", "blocks"), ("WAL", "bytes"),
        ("statement", ""),
    )  # fmt: skip
    rows = [
        (
            *(int(s.counts[name]) for name in ("calls", "rows")),
            *(s.ms, s.mean_ms, 100 * s.ms / total),
            *(int(s.counts[name]) for name in ("shared_blks_hit", "shared_blks_read")),
            int(s.counts["temp_blks_read"] + s.counts["temp_blks_written"]),
            *(int(s.counts["wal_bytes"]), short(s.query)),
        )
        for s in ran[:SHOWN]
    ]
    return Table(f"statements ({len(ran)} ran)", columns, rows)


def explained(found: Sequence[Plan]) -> Table:
    columns = (("plan", ""), ("took", "ms"), ("reads whole", ""), ("statement", ""))
    rows = [
        (
            plan.how + (f"; {plan.reason}" if plan.how and plan.reason else plan.reason),
            plan.ms,
            "; ".join(f"{s.relation} for {s.condition}" for s in sequential(plan.root)),
            short(plan.text, 100),
        )
        for plan in found
    ]
    return Table("plans", columns, rows)


def tables(before: Rows, after: Rows) -> Table:
    rises = [relations.used(before, after, n) for n in ("seq_scan", "seq_rows", "idx_scan")]
    rows = sorted(
        (
            _name(row, "relation"),
            *(rise[key] for rise in rises),
            *(row["live_rows"], row["dead_rows"], row["bytes"] / 1e6),
        )
        for key, row in after.items()
        if any(rise[key] for rise in rises)
    )
    rows.sort(key=lambda row: -row[2])
    columns = (
        ("table", ""), ("whole reads", ""), ("rows so read", ""), ("reads by index", ""),
        ("live", "rows"), ("dead", "rows"), ("size", "MB"),
    )  # fmt: skip
    return Table("tables read in the window", columns, rows[:SHOWN])


def indexes(before: Rows, after: Rows) -> Table:
    scans = relations.used(before, after, "scans")
    said = relations.states(after, scans)
    order = sorted(after, key=lambda k: (said[k] == "used", -scans[k], after[k]["name"]))
    rows = [
        (
            *(_name(after[k], "name"), after[k]["relation"], scans[k], said[k]),
            *(after[k]["bytes"] / 1e6, after[k]["definition"].split(" USING ", 1)[-1]),
        )
        for k in order
        # That nobody looked up a key is no news.
        if not (after[k]["constrains"] and said[k] in QUIET)
    ]
    columns = (
        ("index", ""),
        ("table", ""),
        ("scans", ""),
        ("used", ""),
        ("size", "MB"),
        ("on", ""),
    )
    return Table(f"indexes ({len(after)})", columns, rows)


def missing(found: Sequence[tuple[Scan, str]]) -> Table:
    """``found``: (a scan for want of an index, what the planner would do with one)."""
    rows = [
        (
            *(scan.relation, ", ".join(scan.equal + scan.ranged + scan.others)),
            *(scan.read, scan.kept),
            relations.create(scan) or f"no plain b-tree serves {scan.condition}",
            tried,
        )
        for scan, tried in found
    ]
    columns = (
        ("table", ""), ("picked by", ""), ("read", "rows"), ("kept", "rows"), ("index", ""),
        ("hypothetically", ""),
    )  # fmt: skip
    return Table("missing indexes", columns, rows)


def waits(seen: Activity) -> Table:
    rows = [
        (
            *(w["waits_s"], w["seen"], w["pid"], w["application"], short(w["query"], 60)),
            *(f"{w['lock']} {w['mode']}", w["holder"], w["holder_application"]),
            *(w["holder_state"], w["holder_s"], w["holder_query_s"], short(w["holder_query"], 60)),
        )
        for w in sorted(seen.waits.values(), key=lambda w: -w["waits_s"])
    ]
    columns = (
        ("waits", "s"), ("seen", "times"), ("pid", ""), ("application", ""), ("statement", ""),
        ("for", ""), ("holder", "pid"), ("its application", ""), ("its state", ""),
        ("its transaction", "s"), ("its statement began", "s ago"), ("its statement", ""),
    )  # fmt: skip
    return Table("waits for locks", columns, rows[:SHOWN])


def connections(seen: Activity) -> Table:
    rows = [
        (application or "unnamed", state, count / seen.samples, seen.peaks[application, state])
        for (application, state), count in seen.sessions.most_common()
    ]
    columns = (("application", ""), ("state", ""), ("mean", "sessions"), ("most", "sessions"))
    return Table("connections", columns, rows)


def _name(row: dict[str, Any], key: str) -> str:
    return str(row[key]) if row["schema"] == "public" else f"{row['schema']}.{row[key]}"
