"""Which columns a plan's filter picks rows by, and which index would serve it."""

from __future__ import annotations

from typing import Any

import pytest

from brownout.probes.database.indexes import create, duplicates, missing
from brownout.probes.database.plans import EXECUTED, Plan
from brownout.probes.database.scans import Scan, sequential


def node(condition: str, **more: Any) -> dict[str, Any]:
    return {
        "Node Type": "Seq Scan",
        "Schema": "public",
        "Relation Name": "sales",
        "Alias": "s",
        "Plan Rows": 3,
        "Filter": condition,
    } | more


def scan(condition: str, **more: Any) -> Scan:
    [found] = sequential({"Node Type": "Limit", "Plans": [node(condition, **more)]})
    return found


@pytest.mark.parametrize(
    ("condition", "equal", "ranged", "others"),
    [
        ("(s.book = 77)", ("book",), (), ()),
        ("((s.day > 5) AND (s.book = 77))", ("book",), ("day",), ()),
        ("((s.note)::text = 'a.b > s.day'::text)", ("note",), (), ()),
        ("(77 = s.book)", ("book",), (), ()),
        ("(s.book = ANY ('{1,2}'::integer[]))", ("book",), (), ()),
        ("(s.book IS NULL)", ("book",), (), ()),
        ("(upper(s.note) = 'A'::text)", (), (), ("note",)),
        ("(s.note ~~ '%river%'::text)", (), (), ("note",)),
        ("((s.book = 1) OR (s.day = 2))", (), (), ("book", "day")),
        ('(s."Wide Name" = 1)', ('"Wide Name"',), (), ()),
        ("(s.book = t.book)", ("book",), (), ()),
        ("(book = 77)", ("book",), (), ()),  # as it is written without VERBOSE
        ("((note)::text >= 'x'::text)", (), ("note",), ()),
    ],
)
def test_columns_are_told_by_how_they_are_compared(
    condition: str, equal: tuple[str, ...], ranged: tuple[str, ...], others: tuple[str, ...]
) -> None:
    found = scan(condition)
    assert (found.equal, found.ranged, found.others) == (equal, ranged, others)


def test_an_index_has_what_is_equal_first_and_one_range() -> None:
    found = scan("((s.day > 5) AND (s.id < 7) AND (s.book = 77))")
    assert found.index == ("book", "day")
    assert create(found) == 'CREATE INDEX CONCURRENTLY ON "public"."sales" (book, day)'
    assert create(scan("(s.note ~~ '%x%'::text)")) == ""


def test_rows_are_counted_over_all_loops() -> None:
    found = scan(
        "(s.book = 1)", **{"Actual Rows": 2, "Actual Loops": 3, "Rows Removed by Filter": 5}
    )
    assert (found.kept, found.read) == (6, 21)
    assert (scan("(s.book = 1)").kept, scan("(s.book = 1)").read) == (3, None)
    assert sequential({"Node Type": "Seq Scan", "Relation Name": "sales"}) == []


def test_an_index_is_missing_where_few_of_many_rows_are_kept() -> None:
    def wanted(kept: int, live: int) -> int:
        root = node("(s.book = 1)", **{"Plan Rows": kept})
        tables = [{"schema": "public", "relation": "sales", "live_rows": live}]
        return len(
            missing([Plan("q", EXECUTED, root=root), Plan("q", EXECUTED, root=root)], tables)
        )

    assert wanted(kept=10, live=20_000) == 1  # once, though two statements want it
    assert wanted(kept=10, live=9_000) == 0
    assert wanted(kept=5_000, live=20_000) == 0


def test_superfluous_indexes() -> None:
    def index(number: int, name: str, keys: str, **more: Any) -> dict[str, Any]:
        alike = " ".join("0" for _ in keys.split())
        return {
            "indexrelid": number,
            "name": name,
            "schema": "public",
            "relation": "sales",
            "method": 403,
            "predicate": "",
            "expressions": "",
            "keys": keys,
            "classes": alike,
            "collations": alike,
            "options": alike,
            "unique": False,
            "constrains": False,
            "definition": "CREATE INDEX i USING btree (x)",
        } | more

    rows = [
        index(1, "pkey", "1", unique=True, constrains=True),
        index(2, "again", "1"),
        index(3, "a", "2"),
        index(4, "ab", "2 3"),
        index(5, "partial", "2", predicate="(day > 5)"),
        index(6, "other_table", "2", relation="books"),
        index(7, "twelve", "12 3"),
        index(8, "one", "12", unique=True),
        index(9, "for_like", "2", classes="7"),
    ]
    assert duplicates(rows) == {2: "the same as pkey", 3: "ab begins with its columns"}
