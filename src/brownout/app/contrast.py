"""Two artifacts of one instrument side by side: rows by key, with what changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from brownout.app.page import BARS
from brownout.model import Artifact

WIDTH = 30
"""Columns of a small chart at most."""

LONGEST = 160
"""Characters of a key that a terminal is shown."""

SHARES = ("ratio", "share")
"""Ends of the names of figures that are shares."""

LINE = re.compile(r":\d+$")

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a table: what names a row, what is told of it, and by which figure rows are ordered."""

    title: str
    unit: str
    keys: tuple[str, ...]
    figures: tuple[str, ...]
    order: str


def tables(instrument: ModuleType, sides: Mapping[str, Artifact], top: int) -> list[Row]:
    """The instrument's table and one for each of its PARTS, as they stand in JSON.

    A row has its keys, the figures "before" and "after" (None: it was not there) and, with both
    windows, "change" (after - before, of what is no count). At most ``top`` rows, those that
    changed most in what the instrument's ORDER names first, without a baseline the greatest; what
    is told per request counts by all requests of its route. "caller_before": the line that a
    statement was asked for from, where a release has moved it.
    """
    name = instrument.__name__.rpartition(".")[2]
    records = {side: artifact.records() for side, artifact in sides.items()}
    shape = Shape(name, instrument.UNIT, instrument.KEYS, instrument.FIGURES, instrument.ORDER)
    made = [_table(shape, records, top)]
    for part, (keys, figures) in getattr(instrument, "PARTS", {}).items():
        shape = Shape(part, "", (*instrument.KEYS, *keys), figures, figures[-1])
        rows = {side: _parts(found, instrument.KEYS, part, (*keys, *figures))
                for side, found in records.items()}  # fmt: skip
        made.append(_table(shape, rows, top))
    return made


def _parts(records: list[Row], keys: Sequence[str], part: str, names: Sequence[str]) -> list[Row]:
    """The entries of a column that holds several, one row each, with the keys of theirs."""
    return [
        {key: record[key] for key in keys}
        | dict(zip(names, entry, strict=True))
        | {"requests": record.get("requests", 1)}
        for record in records
        for entry in record[part]
    ]


def _table(shape: Shape, sides: Mapping[str, list[Row]], top: int) -> Row:
    found: dict[Key, Row] = {}
    requests: dict[Key, int] = {}
    for side, records in sides.items():
        for record in records:
            keys = {k: record[k] for k in shape.keys}
            key = tuple(keys.values())
            row = found.setdefault(key, keys | dict.fromkeys(sides))
            row[side] = {figure: record[figure] for figure in shape.figures}
            requests[key] = record.get("requests", 1)
    if len(sides) == 2:
        _put_together(found, shape.keys)
        for row in found.values():
            row["change"] = _change(row["before"], row["after"])
    counted = shape.order.endswith("_per_request")
    ranks = {key: _rank(shape, row, requests[key] if counted else 1) for key, row in found.items()}
    rows = [found[key] for key in sorted(found, key=lambda key: (ranks[key], *map(str, key)))]
    return {
        "title": shape.title,
        "unit": shape.unit,
        "keys": list(shape.keys),
        "columns": list(shape.figures),
        "left_off": max(len(rows) - top, 0),
        "rows": rows[:top],
    }


def _put_together(found: dict[Key, Row], keys: Sequence[str]) -> None:
    """Make one row of two that differ in the caller's line alone, where it can be no other one."""
    if "caller" not in keys:
        return
    place = keys.index("caller")
    alone: dict[Key, dict[str, list[Key]]] = {}
    for key, row in found.items():
        if None in (row["before"], row["after"]):
            side = "before" if row["after"] is None else "after"
            file = (*key[:place], LINE.sub("", key[place]), *key[place + 1 :])
            alone.setdefault(file, {"before": [], "after": []})[side].append(key)
    for of_file in alone.values():
        if [len(found_there) for found_there in of_file.values()] == [1, 1]:
            [old], [new] = of_file.values()
            found[new] |= {"before": found.pop(old)["before"], "caller_before": old[place]}


def _change(before: Row | None, after: Row | None) -> Row | None:
    """Of rates, shares and times: counts of windows that differ in length cannot be compared."""
    if before is None or after is None:
        return None
    return {
        c: round(after[c] - before[c], 6)
        for c in after
        if isinstance(after[c], float) and isinstance(before[c], float)
    }


def _rank(shape: Shape, row: Row, n: int) -> tuple[float, float]:
    """What changed most comes first.

    What was not there took no time and none of it was done; but it had no share or ratio that could
    have changed. Counts cannot be compared: of them it matters whether there were any.
    """
    before, after = ((row.get(side) or {}).get(shape.order) for side in ("before", "after"))
    there = None not in (before, after)
    changed: float = abs((after or 0) - (before or 0))
    if isinstance(before, int) or isinstance(after, int):
        changed = not there
    elif shape.order.endswith(SHARES) and not there:
        changed = 0
    return -changed * n, -abs(after or 0) * n


# On a terminal


def drawn(told: Mapping[str, Any]) -> str:
    """The windows, the tables and the notes, in lines that are not to be wrapped but by terminals:
    keys are too long to be columns of the figures' table."""
    windows = told["windows"]
    lines = [f"{s}: {w['name']}, {w['seconds']:.0f} s, n {w['n']}" for s, w in windows.items()]
    names = {side: window["name"] for side, window in windows.items()}
    tables = [_drawn(table, names) for table in told["tables"]]
    notes = [f"note: {note}" for note in told["notes"]]
    return "\n".join(["; ".join(lines) + "\n", *tables, *notes])


def _drawn(table: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A line with the keys of a row, below it one for each window and one for the change."""
    title = " ".join(filter(None, (table["title"], table["unit"] and f"({table['unit']})")))
    if not table["rows"]:
        return f"{title}: nothing\n"
    heads = [column.split("_") for column in table["columns"]]
    deep = max(map(len, heads))
    header = [["", *(([""] * deep + head)[-deep + line] for head in heads)] for line in range(deep)]
    blocks = [(_named(table, row), _lines(table, row, names)) for row in table["rows"]]
    every = [*header, *(line for _, lines in blocks for line in lines)]
    widths = [max(len(line[c]) for line in every) for c in range(len(table["columns"]) + 1)]
    told = [title, *(_aligned(line, widths) for line in header)]
    for key, lines in blocks:
        told += [*([key] if key else ()), *(_aligned(line, widths) for line in lines)]
    told += [f"and {table['left_off']} more (--top)"] if table["left_off"] else []
    return "\n".join([*told, ""])


def _named(table: Mapping[str, Any], row: Row) -> str:
    """The keys in one line; of those that are yes or no, the names of what is."""
    told = []
    for key in table["keys"]:
        value = row[key]
        text = (key if value else "") if isinstance(value, bool) else str(value)
        if key == "caller" and "caller_before" in row:
            text += f" (before: {row['caller_before']})"
        told.append(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
    return " | ".join(filter(None, told))


def _lines(table: Mapping[str, Any], row: Row, names: Mapping[str, str]) -> list[list[str]]:
    lines = []
    for side, name in names.items():
        figures = row[side] or {}
        lines.append([name, *(_cell(figures.get(c), _most(row, c)) for c in table["columns"])])
    change = row.get("change") or {}
    if any(change.values()):
        lines.append(["change", *(_signed(change.get(c)) for c in table["columns"])])
    return lines


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (cell.rjust(width) for cell, width in zip(line, widths, strict=True))
    return "  ".join(["", line[0].ljust(len(first)), *rest]).rstrip()


def _cell(value: Any, most: float) -> str:
    if isinstance(value, tuple):
        return _chart(value, most)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "-" if value is None else str(value)


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4g}"


def _most(row: Row, column: str) -> float:
    """The greatest value of a series on either side: both charts are drawn against it."""
    series = [(row.get(side) or {}).get(column) for side in ("before", "after")]
    return max((v for s in series if isinstance(s, tuple) for v in s if v is not None), default=0.0)


def _chart(values: Sequence[float | None], most: float) -> str:
    """A series as bars, the greatest of those that share one; a gap where nothing is known."""
    size = -(-len(values) // WIDTH) or 1
    cells = []
    for first in range(0, len(values), size):
        there = [v for v in values[first : first + size] if v is not None]
        level = int((len(BARS) - 1) * max(there) / most + 0.5) if there and most else 0
        cells.append(BARS[level] if there else " ")
    return "".join(cells)
