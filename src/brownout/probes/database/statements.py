"""What the statements did between two moments: a difference of pg_stat_statements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from brownout.probes.database.session import MARK, Session, sentence

COUNTERS = (
    "calls", "rows", "total_exec_time", "shared_blks_hit", "shared_blks_read", "temp_blks_read",
    "temp_blks_written", "wal_bytes",
)  # fmt: skip
SNAPSHOT = """
SELECT s.userid, s.queryid, s.toplevel, s.query, {counters} FROM {schema}.pg_stat_statements s
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) {mark}
"""
SCHEMA = f"""
SELECT n.nspname AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements' {MARK}
"""
RESET = "SELECT stats_reset::text AS at, dealloc FROM {schema}.pg_stat_statements_info {mark}"

Key = tuple[int, int, bool]
Counts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All statements of one moment: (user, query id, top level) -> text and counters.

    ``hidden``: how many belong to others and may not be read; ``reset``: when the counters began,
    ``forgotten``: how often the server dropped the rarest for want of room.
    """

    statements: Mapping[Key, tuple[str, Counts]]
    hidden: int = 0
    reset: str = ""
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement's work in the window. Times in ms, blocks of 8 kB, WAL in bytes.

    ``example``: what is to be planned in its place, with values where they are known.
    """

    queryid: int
    query: str
    counts: Counts
    example: str = ""

    @property
    def ms(self) -> float:
        return self.counts["total_exec_time"]

    @property
    def mean_ms(self) -> float:
        return self.ms / self.counts["calls"]


def snapshot(connection: Session) -> tuple[Snapshot | None, str]:
    """The statements so far, or why they cannot be seen."""
    found = connection.execute(SCHEMA).fetchone()
    if found is None:
        return None, (
            "statements cannot be seen: the extension pg_stat_statements is not in this database; "
            "load it (shared_preload_libraries), then CREATE EXTENSION pg_stat_statements"
        )
    parts = {"schema": sql.Identifier(found["name"]), "mark": sql.SQL(MARK)}
    counters = sql.SQL(", ").join(sql.SQL("s.") + sql.Identifier(name) for name in COUNTERS)
    try:
        rows = connection.execute(sql.SQL(SNAPSHOT).format(counters=counters, **parts)).fetchall()
        info = connection.execute(sql.SQL(RESET).format(**parts)).fetchone() or {}
    except psycopg.Error as error:
        return None, f"statements cannot be seen: {sentence(error)}"
    statements: dict[Key, tuple[str, Counts]] = {}
    hidden = 0
    for row in rows:
        if row["queryid"] is None:
            hidden += 1
            continue
        key = row["userid"], row["queryid"], row["toplevel"]
        statements[key] = row["query"], {name: float(row[name]) for name in COUNTERS}
    return Snapshot(statements, hidden, str(info.get("at")), int(info.get("dealloc") or 0)), ""


def difference(before: Snapshot, after: Snapshot) -> list[Statement]:
    """What ran between, the longest time first; the same statement of several users is one."""
    found: dict[int, tuple[str, Counts]] = {}
    for key, (query, now) in after.statements.items():
        then = before.statements.get(key, ("", {}))[1] if before.reset == after.reset else {}
        change = {name: now[name] - then.get(name, 0.0) for name in COUNTERS}
        if change["calls"] < 0:  # it was forgotten meanwhile, and seen anew
            change = now
        if change["calls"] == 0 or MARK in query:
            continue
        _, sums = found.get(key[1], ("", dict.fromkeys(COUNTERS, 0.0)))
        found[key[1]] = query, {name: sums[name] + change[name] for name in COUNTERS}
    made = [Statement(queryid, query, counts) for queryid, (query, counts) in found.items()]
    return sorted(made, key=lambda s: (-s.ms, s.query))


def doubts(before: Snapshot, after: Snapshot) -> list[str]:
    """What the difference does not show."""
    notes = []
    if after.hidden:
        notes.append(
            f"{after.hidden} statements of other users are hidden: the role needs pg_read_all_stats"
        )
    if before.reset != after.reset:
        notes.append("the statements' counters were reset in the window: it begins there")
    if after.forgotten > before.forgotten:
        notes.append("the server forgot rare statements in the window (pg_stat_statements.max)")
    return notes


def short(query: str, length: int = 160) -> str:
    """A statement on one line."""
    line = re.sub(r"\s+", " ", query).strip()
    return line if len(line) <= length else line[: length - 1] + "…"
