"""Events that came before: a sender that got no answer sends its batch again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KEYS: Mapping[str, tuple[str, ...]] = {
    "spans": ("trace_id", "span_id"),
    "work": ("trace_id", "start", "kind", "route"),
    "processes": ("ts", "service", "pid"),
    "requests": ("trace_id", "intended"),
    "scheduled": ("trace_id", "intended"),
}
"""What makes two rows of a table the same event."""

GENERATION = 100_000
"""Of each table the last one to two times so many events are known: 20 MB at most in all."""

Row = dict[str, Any]


class Repeats:
    """The keys of the last events of one table. 64-bit hashes of them: two events in 10^9 of the
    200,000 that are known might be taken for one."""

    def __init__(self, table: str, known: Iterable[tuple[Any, ...]] = ()) -> None:
        self._columns = KEYS[table]
        self._older: set[int] = set()
        self._newer: set[int] = {hash(key) for key in known}

    def fresh(self, rows: list[Row]) -> tuple[list[Row], set[int]]:
        """(the rows that have not come before, their keys: to be ``remember``ed once written)."""
        keys: set[int] = set()
        result = []
        for row in rows:
            values = [row.get(column) for column in self._columns]
            if not all(values):  # without an id nothing tells it from others
                result.append(row)
                continue
            key = hash(tuple(values))
            if key in keys or key in self._newer or key in self._older:
                continue
            keys.add(key)
            result.append(row)
        return result, keys

    def remember(self, keys: set[int]) -> None:
        """Know these from now on."""
        self._newer |= keys
        if len(self._newer) > GENERATION:
            self._older, self._newer = self._newer, set()
