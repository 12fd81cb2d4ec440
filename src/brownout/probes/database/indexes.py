"""Tables and indexes: what was read of them in a window, which serve nobody, which are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from brownout.probes.database.plans import Plan, cost
from brownout.probes.database.safety import nodes
from brownout.probes.database.scans import Scan, sequential
from brownout.probes.database.session import MARK, Session, sentence

LARGE = 10_000
"""Rows from which on reading a whole table for a few of them is worth an index."""

FEW = 0.1
"""The share of a table's rows up to which an index serves better than the table."""

TABLES = f"""
SELECT s.relid, s.schemaname AS schema, s.relname AS relation, s.seq_scan,
       s.seq_tup_read AS seq_rows, coalesce(s.idx_scan, 0) AS idx_scan,
       greatest(s.n_live_tup, c.reltuples)::bigint AS live_rows,
       s.n_dead_tup AS dead_rows, pg_relation_size(s.relid) AS bytes
FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid {MARK}
"""
INDEXES = f"""
SELECT s.indexrelid, s.schemaname AS schema, s.relname AS relation, s.indexrelname AS name,
       s.idx_scan AS scans, pg_relation_size(s.indexrelid) AS bytes, i.indisvalid AS valid,
       i.indisunique AS unique,
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = s.indexrelid) AS constrains,
       pg_get_indexdef(s.indexrelid) AS definition, c.relam AS method, i.indkey::text AS keys,
       i.indclass::text AS classes, i.indcollation::text AS collations,
       i.indoption::text AS options,
       coalesce(pg_get_expr(i.indexprs, i.indrelid), '') AS expressions,
       coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate
FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid) JOIN pg_class c ON c.oid = indexrelid
{MARK}
"""
SINCE = f"""
SELECT coalesce(stats_reset::text, 'the database began') AS since FROM pg_stat_database
WHERE datname = current_database() {MARK}
"""
HYPOPG = f"""
SELECT n.nspname AS name FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'hypopg' {MARK}
"""
LISTS = ("keys", "classes", "collations", "options")
"""Of each column of an index: its number in the table, and how it is compared and ordered."""

Row = dict[str, Any]


def by(rows: Iterable[Row], key: str) -> dict[int, Row]:
    return {row[key]: row for row in rows}


def used(before: Mapping[int, Row], after: Mapping[int, Row], name: str) -> dict[int, int]:
    """What a counter rose by in the window; one that fell was reset, and counts anew."""
    return {
        key: row[name] - (then if (then := before.get(key, {}).get(name, 0)) <= row[name] else 0)
        for key, row in after.items()
    }


def states(indexes: Mapping[int, Row], scans: Mapping[int, int]) -> dict[int, str]:
    """What is to be said of each index: "used", or what speaks for doing without it."""
    twins = duplicates(indexes.values())
    said = {}
    for key, row in indexes.items():
        if not row["valid"]:
            said[key] = "invalid: a CREATE INDEX CONCURRENTLY failed; drop it"
        elif key in twins:
            said[key] = twins[key]
        elif scans[key]:
            said[key] = "used"
        elif row["scans"]:
            said[key] = "not in the window"
        else:
            said[key] = "never, but a constraint's" if row["constrains"] else "never"
    return said


def duplicates(indexes: Iterable[Row]) -> dict[int, str]:
    """Index -> why another makes it superfluous: it is the same, or begins with its columns."""
    alike: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    rows = sorted(indexes, key=lambda r: (not r["constrains"], not r["unique"], r["name"]))
    for row in rows:
        alike[_place(row), *(row[name] for name in LISTS), row["expressions"]].append(row)
    found = {
        row["indexrelid"]: f"the same as {group[0]['name']}"
        for group in alike.values()
        for row in group[1:]
        if not row["constrains"]
    }
    for row in rows:
        if row["unique"] or row["indexrelid"] in found or row["expressions"]:
            continue
        longer = next((o for o in rows if _begins(o, row)), None)
        if longer:
            found[row["indexrelid"]] = f"{longer['name']} begins with its columns"
    return found


def _place(row: Row) -> tuple[Any, ...]:
    return row["schema"], row["relation"], row["method"], row["predicate"]


def _begins(longer: Row, row: Row) -> bool:
    same = _place(longer) == _place(row) and " btree " in row["definition"]
    begun = all(longer[name].startswith(row[name] + " ") for name in LISTS)
    return same and begun and not longer["expressions"]


def missing(
    plans: Sequence[Plan], tables: Iterable[Row], large: int = LARGE
) -> list[tuple[Plan, Scan]]:
    """Large tables that a statement reads whole for a few of their rows, each column set once."""
    rows = {(t["schema"], t["relation"]): t["live_rows"] for t in tables}
    found: dict[tuple[Any, ...], tuple[Plan, Scan]] = {}
    for plan in plans:
        for scan in sequential(plan.root):
            size = rows.get((scan.schema, scan.relation), 0)
            read = scan.read if scan.read is not None else size
            if size >= large and read and scan.kept <= FEW * read:
                found.setdefault((scan.schema, scan.relation, scan.index, scan.others),
                                 (plan, scan))  # fmt: skip
    return list(found.values())


def create(scan: Scan) -> str:
    """The statement that would build the index beside running traffic, "" when no plain one would
    serve."""
    if not scan.index:
        return ""
    return (
        f"CREATE INDEX CONCURRENTLY ON {_quoted(scan.schema)}.{_quoted(scan.relation)} "
        f"({', '.join(scan.index)})"
    )


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)


def hypothetical(connection: Session, plan: Plan, scan: Scan) -> str:
    """What the planner would do with the index, which hypopg makes it believe in."""
    extension = connection.execute(HYPOPG).fetchone()
    if extension is None:
        return "not tried: the database has no hypopg"
    schema = sql.Identifier(extension["name"])
    make = sql.SQL("SELECT indexname AS name FROM {}.hypopg_create_index(%s)").format(schema)
    try:
        before, _ = cost(connection, plan.text)
        row = connection.execute(make, [create(scan).replace(" CONCURRENTLY", "")]).fetchone()
        try:
            after, root = cost(connection, plan.text)
        finally:
            connection.execute(sql.SQL("SELECT {}.hypopg_reset()").format(schema))
    except psycopg.Error as error:
        return f"not tried: {sentence(error)}"
    taken = row is not None and any(n.get("Index Name") == row["name"] for n in nodes(root))
    if not taken:
        return "the planner would not use it"
    return f"the planner would use it: cost {before:.0f} -> {after:.0f}"
