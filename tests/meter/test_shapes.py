"""One statement is one shape, however long its lists are; different ones are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brownout.meter.event.shapes import Shape

ID, KEY = '"a"."id" = %s', '("a"."t" = %s AND "a"."n" = %s)'


def joined(part: str, by: str = ", ") -> Callable[[int], str]:
    return lambda count: by.join([part] * count)


LISTS: dict[str, tuple[str, Callable[[int], str], str]] = {
    "flat": ("a IN ({})", joined("%s"), "a IN (...)"),
    "literals": ("a IN ({})", joined("'it''s 1'"), "a IN (...)"),
    "bytes": ("a IN ({})", joined("X'00ff'"), "a IN (...)"),
    "arrays": ("a && (ARRAY[{}])::text[]", joined("%s"), "a && (ARRAY[...])::text[]"),
    "arrays of literals": ("a = ANY(ARRAY[{}])", joined("'x'"), "a = ANY(ARRAY[...])"),
    "named": ("a IN ({})", joined("%(key)s"), "a IN (...)"),
    "cast": ("a IN ({})", joined("%s::uuid"), "a IN (...)"),
    "tuples of one": ('("a"."id") IN ({})', joined("(%s)"), '("a"."id") IN (...)'),
    "composite keys": ('("a"."t", "a"."n") IN ({})', joined("(%s, %s)"),
                       '("a"."t", "a"."n") IN (...)'),
    "rows": ("INSERT INTO a VALUES {} RETURNING id", joined("(%s, %s, NULL)"),
             "INSERT INTO a VALUES (...) RETURNING id"),
    "rows with functions": ("INSERT INTO a VALUES {}", joined("(%s, NOW())"),
                            "INSERT INTO a VALUES (%s, NOW())"),
    "functions": ("a IN ({})", joined("LOWER(%s)"), "a IN (LOWER(...))"),
    "raw": ("SELECT a FROM b WHERE {} ORDER BY a", joined("a = %s", " or "),
            "SELECT a FROM b WHERE a = %s ORDER BY a"),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_as_long_as_it_likes(name: str) -> None:
    frame, parts, shape = LISTS[name]
    assert {Shape(frame.format(parts(count))).text for count in (1, 2, 3, 40)} == {shape}


def condition(part: str, by: str, count: int) -> str:
    """As Django writes it: in parentheses where there are several."""
    return part if count == 1 else f"({f' {by} '.join([part] * count)})"


@pytest.mark.parametrize(
    ("frame", "part", "by"),
    [
        ('SELECT x FROM "a" WHERE {} LIMIT 21', ID, "OR"),
        ('SELECT x FROM "a" WHERE NOT ({})', ID, "OR"),
        ('SELECT x FROM "a" WHERE ("a"."x" > %s AND {})', ID, "OR"),
        ('SELECT x FROM "a" WHERE {} ORDER BY 1', KEY, "OR"),
        ('SELECT x FROM "a" WHERE {}', '"a"."n" LIKE %s ESCAPE \'\\\'', "AND"),
        ('SELECT COUNT(*) FILTER (WHERE {}) FROM "a"', ID, "OR"),
        ('SELECT x FROM "a" WHERE {}', '"a"."x" BETWEEN %s AND %s', "OR"),
    ],
)
def test_a_list_of_conditions_is_one_of_them(frame: str, part: str, by: str) -> None:
    found = {Shape(frame.format(condition(part, by, count))).text for count in (1, 2, 3, 40)}
    assert found == {Shape(frame.format(part)).text}
    assert part.split(" ", maxsplit=1)[0] in found.pop()


def test_a_bulk_update_is_one_however_many_rows_it_changes() -> None:
    def update(count: int) -> str:
        cases = " ".join([f"WHEN ({ID}) THEN %s"] * count)
        ids = ", ".join(["%s"] * count)
        return (
            f'UPDATE "a" SET "x" = CASE {cases} ELSE NULL END, "y" = CASE {cases} ELSE NULL END '
            f'WHERE "a"."id" IN ({ids})'
        )

    case = f"CASE WHEN ({ID}) THEN %s ELSE NULL END"
    expected = f'UPDATE "a" SET "x" = {case}, "y" = {case} WHERE "a"."id" IN (...)'
    assert {Shape(update(count)).text for count in (1, 2, 3, 40)} == {expected}


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("SELECT f(a, %s), f(b, %s) FROM t", "SELECT f(a, %s), f(b, %s) FROM t"),
        ("SELECT a, a FROM t WHERE b = 1.5e3", "SELECT a, a FROM t WHERE b = ?"),
        ("UPDATE t SET a = %s, b = %s", "UPDATE t SET a = %s, b = %s"),
        ("SELECT 1 WHERE (a = %s OR b = %s)", "SELECT ? WHERE (a = %s OR b = %s)"),
        ("SELECT x) FROM (a OR b) AND ((", "SELECT x) FROM (a OR b) AND (("),
        (
            "SELECT a FROM t WHERE EXISTS(SELECT 1 FROM u WHERE (u.x = (t.id) AND u.y = %s))",
            "SELECT a FROM t WHERE EXISTS(SELECT ? FROM u WHERE (u.x = (t.id) AND u.y = %s))",
        ),
        ("SELECT \x01 FROM t WHERE (a = %s OR a = %s)",
         "SELECT \x01 FROM t WHERE (a = %s OR a = %s)"),
        # Not in a time that doubles with each digit.
        (f"SELECT ({'7' * 200} + x) FROM t", "SELECT (? + x) FROM t"),
    ],
)  # fmt: skip
def test_what_differs_stays(sql: str, shape: str) -> None:
    assert Shape(sql).text == shape
