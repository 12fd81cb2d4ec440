"""PostgreSQL: statements, their plans, tables and indexes, waits for locks, connections."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from brownout.model import BrownoutError
from brownout.probes.database import activity, cursors, indexes, logged, plans, shown, statements
from brownout.probes.database.activity import Activity
from brownout.probes.database.plans import Plan
from brownout.probes.database.session import Session, session, setting
from brownout.probes.database.statements import Statement
from brownout.probes.terms import Found, Site

EXAMPLE = "brownout probe postgres --database postgresql://me:secret@127.0.0.1:5432/shop"
EVERY = 0.2
"""Seconds between two looks at the sessions: what is shorter may be missed."""

Seen = tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]]]


def probe(
    site: Site,
    out: Path,
    seconds: float = 10,
    explain: Annotated[int, "plans of so many statements, those that took longest"] = 5,
    large: Annotated[int, "rows from which on a table wants an index"] = indexes.LARGE,
    log: Annotated[str, "the server's log, where auto_explain writes plans"] = "",
) -> Found:
    """Statements, plans, indexes used and missing, waits for locks, connections of PostgreSQL.

    Reads only. A statement is executed for its plan (EXPLAIN ANALYZE) when its values were seen and
    it cannot change anything; in a read-only transaction, limited in time, rolled back.
    """
    if explain < 0 or large < 1:
        raise BrownoutError("--explain wants 0 or more, --large 1 or more")
    with session(site.need("database", "--database")) as connection:
        log_file = _log_file(site, log)
        log_of_plans = logged.Log(connection, log_file)
        before, unseen = statements.snapshot(connection)
        relations = _relations(connection)
        seen = _watch(connection, seconds)
        after, _ = statements.snapshot(connection)
        again = _relations(connection)
        ran = cursors.fold(statements.difference(before, after)) if before and after else []
        notes = [unseen] if unseen else []
        notes += statements.doubts(before, after) if before and after else []
        notes += _unbooked(cursors.held(ran))
        found = _plans(connection, _costliest(ran, explain), seen, log_of_plans)
        missing = [
            (scan, indexes.hypothetical(connection, plan, scan) if scan.index else "")
            for plan, scan in indexes.missing(found, again[0].values(), large)
        ]
        tables = [
            shown.statements(ran),
            shown.explained(found),
            shown.tables(relations[0], again[0]),
            shown.indexes(relations[1], again[1]),
            shown.missing(missing),
            shown.waits(seen),
            shown.connections(seen),
        ]
        notes += [*_doubts(connection, seen, log_of_plans), _full(connection, seen)]
    return Found(tables, _written(out, ran, found), notes)


def _log_file(site: Site, log: str) -> Path | None:
    if log and not Path(log).is_file():
        raise BrownoutError(f"--log {log}: no such file")
    return Path(log) if log else site.run and site.run / "logs" / "postgres.log"


def _relations(connection: Session) -> Seen:
    tables, found = (connection.execute(q).fetchall() for q in (indexes.TABLES, indexes.INDEXES))
    return indexes.by(tables, "relid"), indexes.by(found, "indexrelid")


def _watch(connection: Session, seconds: float) -> Activity:
    seen, until = Activity(), time.monotonic() + seconds
    size = setting(connection, "track_activity_query_size").removesuffix("B")
    longest = int(size) if size.isdigit() else 1024 * int(size.removesuffix("k"))
    seen.look(connection, longest)
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(EVERY, left))
        seen.look(connection, longest)
    return seen


def _plans(
    connection: Session, ran: Sequence[Statement], seen: Activity, log: logged.Log
) -> list[Plan]:
    """One for each statement: as it really ran where the log has it, else as it would run."""
    written = {logged.shape(plan.text): plan for plan in reversed(log.plans())}
    found = []
    for statement in ran:
        sent = cursors.query(seen.examples.get(statement.queryid, ""))
        text = sent or statement.example or statement.query
        real = written.get(logged.shape(statement.example or statement.query))
        found.append(real or plans.plan(connection, text, statement.mean_ms))
    return found


def _costliest(ran: Sequence[Statement], most: int) -> list[Statement]:
    """What is planned: so many that took longest, and as many cursors WITH HOLD, whose place in
    that order nobody knows."""
    first = [*ran[:most]]
    return [*first, *[one for one in cursors.held(ran) if one not in first][:most]]


def _unbooked(held: Sequence[Statement]) -> list[str]:
    runs = sum(int(one.counts["calls"]) for one in held)
    return [
        f"{runs} cursors WITH HOLD were declared: PostgreSQL runs their queries at the commit and "
        "counts the time nowhere; what is told of them is without it"
    ] * bool(held)


def _full(connection: Session, seen: Activity) -> str:
    most, reserved = activity.limits(connection)
    return (
        f"connections: at most {seen.most} of others, and this one, of {most} "
        f"({reserved} of them kept for superusers)"
    )


def _doubts(connection: Session, seen: Activity, log: logged.Log) -> list[str]:
    """What could not be seen, and why."""
    since = (connection.execute(indexes.SINCE).fetchone() or {}).get("since")
    notes = [f"indexes: never means since {since}", f"plans: {log.reason}" if log.reason else ""]
    if seen.hidden:
        notes.append("what other users' sessions run is hidden: the role needs pg_read_all_stats")
    if seen.oldest_idle_s > 1:
        notes.append(f"a session sat idle in a transaction for {seen.oldest_idle_s:.1f} s")
    if not seen.waits:
        notes.append(f"waits for locks: none in {seen.samples} looks, one each {EVERY:g} s")
    return [note for note in notes if note]


def _written(out: Path, ran: Sequence[Statement], found: Sequence[Plan]) -> list[Path]:
    """All statements and the whole plans, as JSON."""
    told: dict[str, Any] = {
        "statements": [{"query": s.query, "queryid": s.queryid, **s.counts} for s in ran],
        "plans": [{"statement": p.text, "how": p.how, "reason": p.reason, "ms": p.ms,
                   "plan": p.root} for p in found],
    }  # fmt: skip
    file = out / "postgres.json"
    file.write_text(json.dumps(told, indent=1, default=str))
    return [file]
