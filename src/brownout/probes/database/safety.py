"""Whether a statement may be executed for its plan: it must not be able to change anything.

A read-only transaction that is rolled back stops writes to tables, but not advisory locks, signals
to other sessions, files, or calls of other servers. All of those are volatile functions: a
statement in whose text or plan the name of one stands is not executed, nor one with a function that
the database's users wrote, whatever it is declared to be. Erring on the safe side is cheap: the
plan without execution is still shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from brownout.probes.database.session import MARK, Session

READS = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|table)\b", re.I | re.S)
WORD = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')

NEVER = {"ModifyTable": "it writes", "LockRows": "it locks rows", "Foreign Scan": "it asks another "
         "server", "Custom Scan": "it runs an extension's own scan"}  # fmt: skip

OWN = """NOT (n.nspname = 'pg_catalog' OR EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
  AND d.deptype = 'e'))"""
"""A function that is neither PostgreSQL's nor an extension's."""

FUNCTIONS = f"""
SELECT p.proname AS name, bool_or(p.provolatile = 'v') AS volatile
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.proname = ANY(%s) AND (p.provolatile = 'v' OR {OWN}) GROUP BY 1 ORDER BY 1 {MARK}
"""
UNSEEN = f"""
SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {OWN} AND (p.oid IN (SELECT oprcode FROM pg_operator)
  OR p.oid IN (SELECT castfunc FROM pg_cast) OR p.oid IN (SELECT typinput FROM pg_type)
  OR p.oid IN (SELECT typoutput FROM pg_type)) LIMIT 1 {MARK}
"""
"""Functions of operators, casts and types run without their names being written."""


def objection(connection: Session, text: str, plan: dict[str, Any]) -> str:
    """Why a statement with this plan is not executed, "" when it may be."""
    if not READS.match(text):
        return "it is no SELECT"
    words = set(_words(text))
    if "into" in {w.lower() for w in words}:
        return "it may make a table"
    for node in nodes(plan):
        if reason := NEVER.get(node.get("Node Type", "")):
            return reason
    for node in nodes(plan):
        for value in _strings(node):
            words.update(_words(value))
    names = sorted(words | {w.lower() for w in words})
    if found := connection.execute(FUNCTIONS, [names]).fetchone():
        kind = "may change something" if found["volatile"] else "is the application's own"
        return f"the function {found['name']} {kind}"
    if found := connection.execute(UNSEEN).fetchone():
        return f"operators, casts or types here run the application's own code ({found['name']})"
    return ""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes, the root first."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def _words(text: str) -> Iterator[str]:
    for quoted, plain in WORD.findall(text):
        # What stands in quotes may be a name, or hold names when the quotes are a literal's.
        yield quoted.replace('""', '"') or plain
        if quoted:
            yield from (word for _, word in WORD.findall(quoted) if word)


def _strings(node: dict[str, Any]) -> Iterator[str]:
    for key, value in node.items():
        if key != "Plans":
            yield from (v for v in (value if isinstance(value, list) else [value])
                        if isinstance(v, str))  # fmt: skip
