"""A finished work as a span, literally."""

import json
from typing import Any

from brownout.meter.event.encoding import span
from brownout.meter.event.shapes import Shape
from brownout.meter.event.work import (
    CACHE_FIELDS,
    MOST_ENTRIES,
    MOST_STATEMENTS,
    SQL_FIELDS,
    Work,
)

ASKED = """SELECT '100%', "a" FROM b WHERE c = %s"""
CALLER = 'app/100% "mine".py:7'


def told(work: Work) -> dict[str, Any]:
    work.close()
    [attribute] = [
        a["value"]["stringValue"]
        for a in json.loads(span(work, "request", "GET /b/{id}/", 200, 5))["attributes"]
        if a["key"] == "brownout.work"
    ]
    found: dict[str, Any] = json.loads(attribute)
    return found


def test_what_looks_like_a_template_is_told_as_it_is() -> None:
    work = Work("0" * 32)
    work.sql[Shape(ASKED).site(CALLER)] = [1, 2, 3, 4, 5, 6, 7]
    work.cache["100%:*"] = [1, 1, 0, 0, 9, 8]
    found = told(work)
    key = {"shape": """SELECT ?, "a" FROM b WHERE c = %s""", "caller": CALLER}
    assert found["sql"] == [key | dict(zip(SQL_FIELDS, [1, 2, 3, 4, 5, 6, 7], strict=True))]
    assert (found["cache"][0]["family"], found["cache_time"]) == ("100%:*", 8)


def test_a_shape_that_was_forgotten_meanwhile_is_told_once() -> None:
    """``_shapes`` is emptied when it is full: the same shape and caller then have two sites."""
    work = Work("0" * 32)
    for number in (1, 10):
        work.sql[Shape(ASKED).site(CALLER)] = [number] * len(SQL_FIELDS)
    found = told(work)
    assert [entry["calls"] for entry in found["sql"]] == [11]
    assert (found["sql_calls"], found["sql_rows"], found["sql_time"]) == (11, 11, 11)


def test_what_lasts_for_hours_remembers_so_much_and_says_so() -> None:
    work = Work("0" * 32)
    work.lasts()
    work.seen.update(dict.fromkeys(range(MOST_STATEMENTS)))
    work.seen[MOST_STATEMENTS] = None
    work.cache.update({f"{number}:*": [1] * len(CACHE_FIELDS) for number in range(MOST_ENTRIES)})
    one = work.cache.setdefault("7:*", [0])
    assert one == [1] * len(CACHE_FIELDS)
    work.cache.setdefault("more:*", [0] * len(CACHE_FIELDS))[0] += 1
    found = told(work)
    assert (len(work.seen), len(found["cache"])) == (MOST_STATEMENTS, MOST_ENTRIES)
    assert found["uncounted"] == [
        "entries after the first 10000",
        "repeats after 100000 different statements and calls",
    ]


def test_a_work_without_work_and_one_with_all_kinds() -> None:
    empty = told(Work("0" * 32))
    assert (empty["sql"], empty["cache"], empty["ai"], empty["queued"]) == ([], [], [], [])
    assert (empty["sql_calls"], empty["cache_gets"], empty["ai_calls"]) == (0, 0, 0)
    work = Work("0" * 32)
    work.ai["/v1", "ai", "m", "", "a.py:1"] = [2, 3, None, None, 2, 40, 50, 0, 0, 0]
    work.ai["GET", "redis", "", "", "a.py:2"] = [4, 4, None, None, 4, None, 60, 0, 0, 0]
    work.queued["post.letter", "slow"] = [3]
    work.uncounted |= {"pymongo"}
    found = told(work)
    # Redis outside the cache is told in the list alone.
    assert (found["ai_calls"], found["ai_time"], len(found["ai"])) == (2, 50, 2)
    assert (found["ai"][1]["calls"], found["ai"][1]["first_byte"]) == (4, None)
    assert found["queued"] == [{"task": "post.letter", "queue": "slow", "count": 3}]
    assert found["uncounted"] == ["pymongo"]
