"""Server-side cursors, which PostgreSQL counts in pieces: a DECLARE, FETCHes and a CLOSE, each with
the cursor's name in its text, so that every run is a statement of its own. Here they are one again.

Django's ``.iterator()`` declares one, WITH HOLD outside a transaction.
https://www.postgresql.org/docs/current/sql-declare.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from brownout.probes.database.logged import LITERALS
from brownout.probes.database.statements import COUNTERS, Statement

NAME = r'("(?:[^"]|"")+"|\$\d+|\w+)'
DECLARE = re.compile(
    rf"\s*DECLARE\s+{NAME}\s+((?:\w+\s+)*?)CURSOR\s+(WITH\s+HOLD\s+)?(?:WITHOUT\s+HOLD\s+)?FOR\s+(.*)",
    re.I | re.S,
)
USE = re.compile(rf"\s*(FETCH|MOVE|CLOSE)\b.*?\s{NAME}\s*;?\s*$", re.I | re.S)


def fold(ran: Iterable[Statement]) -> list[Statement]:
    """All runs of one cursor's query as one statement, the longest time first.

    It has the calls of DECLARE and the sums of all else; ``example`` is a query of its own. A FETCH
    whose cursor has several queries, or none in the window, is told without the cursor's name.
    """
    ran = list(ran)
    queries: dict[str, set[str]] = {}
    for one in ran:
        if found := DECLARE.match(one.query):
            queries.setdefault(found[1], set()).add(_declared(found))
    groups: dict[str, list[Statement]] = {}
    for one in ran:
        groups.setdefault(_text(one.query, queries), []).append(one)
    return sorted(map(_one, groups, groups.values()), key=lambda s: (-s.ms, s.query))


def held(ran: Iterable[Statement]) -> list[Statement]:
    """The cursors WITH HOLD, whose queries run at the commit: their time is counted nowhere."""
    return [one for one in ran if (found := DECLARE.match(one.query)) and found[3]]


def query(text: str) -> str:
    """What a cursor is declared for; any other text as it is."""
    found = DECLARE.match(text)
    return found[4] if found else text


def _text(query: str, queries: dict[str, set[str]]) -> str:
    if found := DECLARE.match(query):
        return _declared(found)
    used = USE.match(query)
    if not used:
        return query
    known = queries.get(used[2], set())
    return next(iter(known)) if len(known) == 1 else f"{used[1].upper()} cursor"


def _declared(found: re.Match[str]) -> str:
    hold = "WITH HOLD " if found[3] else ""
    return f"DECLARE cursor CURSOR {hold}FOR {_normal(found[4])}"


def _normal(query: str) -> str:
    """Without its values, which servers before 16 leave in what a cursor is declared for."""
    if re.search(r"\$\d", query):
        return query
    numbers = itertools.count(1)
    return LITERALS.sub(lambda _: f"${next(numbers)}", query)


def _one(text: str, parts: Sequence[Statement]) -> Statement:
    declared = [(one, found) for one in parts if (found := DECLARE.match(one.query))]
    if not declared and len(parts) == 1 and parts[0].query == text:
        return parts[0]
    counts = {name: sum(one.counts[name] for one in parts) for name in COUNTERS}
    if not declared:
        return replace(parts[0], query=text, counts=counts)
    counts["calls"] = sum(one.counts["calls"] for one, _ in declared)
    first, found = declared[-1]
    return Statement(first.queryid, text, counts, example=found[4])
