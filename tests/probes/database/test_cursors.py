"""The pieces of a cursor, as PostgreSQL counts them, as one statement."""

from __future__ import annotations

import pytest

from brownout.probes.database import cursors
from brownout.probes.database.logged import shape
from brownout.probes.database.statements import COUNTERS, Statement


def ran(query: str, calls: int, ms: float, rows: int = 0, queryid: int = 1) -> Statement:
    counts = dict.fromkeys(COUNTERS, 0.0) | {"calls": calls, "total_exec_time": ms, "rows": rows}
    return Statement(queryid, query, counts)


def told(*statements: Statement) -> list[tuple[str, float, float, float]]:
    return [(s.query, s.counts["calls"], s.ms, s.counts["rows"]) for s in cursors.fold(statements)]


def test_the_runs_of_one_query_are_one_with_the_time_of_their_fetches() -> None:
    query = "SELECT * FROM book WHERE a = {} AND b = 'x{}'"
    parts = [
        part
        for n in range(3)
        for part in (
            ran(f'DECLARE "_curs_{n}" NO SCROLL CURSOR FOR {query.format(n, n)}', 1, 0.1),
            ran(f'FETCH FORWARD 100 FROM "_curs_{n}"', 7, 20.0, 650),
            ran(f'CLOSE "_curs_{n}"', 1, 0.0),
        )
    ]
    other = ran("SELECT 1", 5, 1.0, 5)
    folded = "DECLARE cursor CURSOR FOR SELECT * FROM book WHERE a = $1 AND b = $2"
    assert told(*parts, other) == [
        (folded, 3, pytest.approx(60.3), 1950),
        ("SELECT 1", 5, 1.0, 5),
    ]
    [cursor, alone] = cursors.fold([*parts, other])
    assert cursor.example == query.format(2, 2)
    assert cursors.query(parts[0].query) == query.format(0, 0)
    assert cursors.query("SELECT 1") == "SELECT 1"
    assert (alone, cursors.held([cursor, alone])) == (other, [])


def test_what_the_server_has_normalised_stays() -> None:
    declared = ran("DECLARE c CURSOR WITH HOLD FOR SELECT a FROM t WHERE b = $1", 4, 1.0)
    fetched = ran("FETCH FORWARD $1 FROM c", 9, 2.0, 90)
    assert told(declared, fetched) == [
        ("DECLARE cursor CURSOR WITH HOLD FOR SELECT a FROM t WHERE b = $1", 4, 3.0, 90)
    ]
    assert len(cursors.held(cursors.fold([declared, fetched]))) == 1


@pytest.mark.parametrize(
    "fetch", ["FETCH 10 c", "fetch all in c", "FETCH c", "MOVE FORWARD 5 FROM c", "CLOSE c;"]
)
def test_a_cursor_with_two_queries_or_none_is_told_without_its_name(fetch: str) -> None:
    two = [ran(f"DECLARE c CURSOR FOR SELECT {x}", 1, 0.1) for x in "ab"]
    word = fetch.split(maxsplit=1)[0].upper()
    assert (f"{word} cursor", 3, 9.0, 30) in told(*two, ran(fetch, 3, 9.0, 30))
    assert told(ran(fetch, 3, 9.0, 30)) == [(f"{word} cursor", 3, 9.0, 30)]


def test_a_list_has_one_shape_however_long() -> None:
    wanted = shape("SELECT a FROM t WHERE b IN ($1 /*, ... */) AND c = $2")
    assert wanted == "select a from t where b in (?) and c = ?"
    assert shape("SELECT a FROM t WHERE b IN (1, 2, 3) AND c = 'x'") == wanted
    assert shape("SELECT a FROM t WHERE b IN ('p',\n 'q') AND c = 4") == wanted
    assert shape("SELECT f(1, 2)") == "select f(?, ?)"
    assert shape("x = ANY (ARRAY[1, 2])") == shape("x = ANY (ARRAY[$1 /*, ... */])")
