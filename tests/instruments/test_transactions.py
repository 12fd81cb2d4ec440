"""Transactions per route: open, calling, holding locks; and what was asked for within them."""

from __future__ import annotations

from typing import Any

from recordings import MemoryRecording, at, call, ms, statement

from brownout.instruments import transactions

ROUTE = "POST /api/checkout/"
LOCKING = 'SELECT "cart"."id" FROM "cart" WHERE "visitor" = %s FOR UPDATE'


def work(trace: str, start: float, **changes: Any) -> dict[str, Any]:
    return {
        "trace_id": trace, "route": ROUTE, "start": at(start), "duration": ms(900), "tx_count": 0,
    } | changes  # fmt: skip


def opened(opened_ms: float, calling: float, locked: float, count: int = 1) -> dict[str, Any]:
    return {
        "tx_time": ms(opened_ms), "tx_call_time": ms(calling), "lock_time": ms(locked),
        "tx_count": count,
    }  # fmt: skip


def inside(entry: dict[str, Any], calls: int) -> dict[str, Any]:
    """A statement of which ``calls`` were asked for in a transaction."""
    return {**entry, "in_transaction": calls, "fetch_time": ms(1)}


def test_times_are_over_all_requests_of_the_route() -> None:
    recording = MemoryRecording({"calm": (0, 2), "later": (2, 4)})
    recording.insert(
        "work",
        [
            work("a", 0.0, **opened(100, 60, 80, count=2)),
            work("b", 1.0, **opened(20, 0, 0)),
            work("c", 1.5),
            work("d", 1.9),
            work("e", 1.9, route="GET /"),
            work("f", 2.0, **opened(9, 9, 9)),
        ],
    )
    found = transactions.measure(recording, "calm")
    assert (found.n, found.unit) == (5, "ms")
    assert found.rows == (
        ("GET /", 1, *[0.0] * 8, ()),
        (ROUTE, 4, 0.75, 30.0, 10.0, 88.0, 15.0, 51.0, 20.0, 68.0, ()),
    )


def test_what_was_asked_for_in_a_transaction_stands_with_its_callers() -> None:
    recording = MemoryRecording({"calm": (0, 2)})
    locking = inside(statement(1, 9.0, LOCKING, "orders/cart.py:57"), 1)
    half = inside(statement(2, 7.0, "SELECT book", "orders/prices.py:3"), 1)
    outside = statement(1, 50.0, "SELECT visitor", "accounts/who.py:5") | {"in_transaction": 0}
    insert = inside(statement(1, 1.0, 'insert INTO "order"', "orders/checkout.py:41"), 1)
    asked = call(60, "2026-03")
    recording.insert(
        "work",
        [
            work("a", 0, sql=[locking, half, outside], ai=[asked], **opened(99, 60, 9)),
            # Its call came before its transaction.
            work("b", 1, sql=[locking, insert], ai=[asked], **opened(10, 0, 9)),
        ],
    )  # fmt: skip
    [row] = transactions.measure(recording, "calm").records()
    assert row["within"] == (
        ("ai", "/v1/predict/delivery", "orders/delivery.py:9", False, 0.5, 30.0),
        ("sql", LOCKING, "orders/cart.py:57", True, 1.0, 10.0),
        ("sql", "SELECT book", "orders/prices.py:3", False, 0.5, 2.0),
        ("sql", 'insert INTO "order"', "orders/checkout.py:41", True, 0.5, 1.0),
    )


def test_statements_that_lock_rows_are_known_by_their_words() -> None:
    recording = MemoryRecording({"calm": (0, 1)})
    shapes = {
        "UPDATE t SET a = %s": True, "DELETE FROM t": True, "INSERT INTO t VALUES (...)": True,
        "SELECT a FROM t FOR UPDATE": True, "SELECT a FROM t FOR NO KEY UPDATE OF t": True,
        "SELECT a FROM t for share": True, "SELECT updated FROM t": False,
        "SAVEPOINT ?": False, "SELECT a FROM forward": False,
    }  # fmt: skip
    sql = [inside(statement(1, 1, shape), 1) for shape in shapes]
    recording.insert("work", [work("a", 0, sql=sql, **opened(9, 0, 9))])
    [row] = transactions.measure(recording, "calm").records()
    assert {what: locks for _, what, _, locks, _, _ in row["within"]} == shapes


def test_what_an_older_meter_did_not_measure_is_not_zero() -> None:
    recording = MemoryRecording({"calm": (0, 1), "later": (1, 2)})
    recording.insert("work", [work("a", 0, **opened(4, 0, 2, count=1) | {"tx_count": None})])
    [row] = transactions.measure(recording, "calm").records()
    assert (row["transactions_per_request"], row["open_p50"], row["locked_p95"]) == (None, 4.0, 2.0)
    never = {"tx_time": None, "tx_call_time": None, "lock_time": None, "tx_count": None}
    recording.insert("work", [work("b", 1, **never)])
    found = transactions.measure(recording, "later")
    assert (found.n, found.rows) == (0, ())
