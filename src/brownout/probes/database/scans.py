"""Tables that a plan reads from end to end, and by which columns it picks their rows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brownout.probes.database.safety import nodes

LITERAL = re.compile(r"'(?:[^']|'')*'")
EQUAL = {"=", "IS"}
RANGE = {"<", ">", "<=", ">="}


@dataclass(frozen=True, slots=True)
class Scan:
    """A sequential scan. ``kept`` and ``read`` rows are counted when the plan was executed, else
    ``kept`` is an estimate and ``read`` None; of both, over all loops.
    """

    schema: str
    relation: str
    condition: str
    equal: tuple[str, ...]
    ranged: tuple[str, ...]
    others: tuple[str, ...]
    kept: float
    read: float | None

    @property
    def index(self) -> tuple[str, ...]:
        """Columns of a b-tree that would serve: those compared for equality, then one range."""
        return self.equal + self.ranged[:1]


def sequential(plan: Mapping[str, Any]) -> list[Scan]:
    """The plan's sequential scans that have a condition."""
    return [_scan(n) for n in nodes(dict(plan)) if n.get("Node Type") == "Seq Scan" and
            n.get("Filter")]  # fmt: skip


def _scan(node: Mapping[str, Any]) -> Scan:
    alias = node.get("Alias", node["Relation Name"])
    found: dict[str, list[str]] = {"equal": [], "ranged": [], "others": []}
    for column, kind in _compared(node["Filter"], alias):
        if not any(column in columns for columns in found.values()):
            found[kind].append(column)
    loops = node.get("Actual Loops")
    kept = (node["Actual Rows"] if loops else node["Plan Rows"]) * (loops or 1)
    return Scan(
        node.get("Schema", ""),
        node["Relation Name"],
        node["Filter"],
        tuple(found["equal"]),
        tuple(found["ranged"]),
        tuple(found["others"]),
        float(kept),
        kept + node.get("Rows Removed by Filter", 0) * loops if loops else None,
    )


def _compared(condition: str, alias: str) -> Iterator[tuple[str, str]]:
    """(column, equal | ranged | others) for each column of the table in a condition.

    A column within a function call, behind OR or with an operator of another kind is of no use to
    a plain b-tree: others.
    """
    bare = LITERAL.sub("''", condition)
    name = re.escape(alias) if re.fullmatch(r"[a-z_][a-z0-9_$]*", alias) else f'"{alias}"'
    # With one table and without VERBOSE the server leaves the alias away.
    prefix = rf"{name}\." if re.search(rf"{name}\.", bare) else '(?<!::)(?=[a-z_"])'
    column = re.compile(rf'(?<![\w.":]){prefix}("(?:[^"]|"")+"|[\w$]+)(?!\w|\()')
    either = re.search(r"\bOR\b", bare) is not None
    for hit in column.finditer(bare):
        before, after = bare[: hit.start()], bare[hit.end() :]
        # A cast of a column, (c.name)::text, keeps its order for text kinds alone; the planner
        # prints it so for varchar, whose index does serve.
        opened = len(before) - len(before.rstrip("("))
        called = re.search(r"\w\($", before[: len(before) - max(opened - 1, 0)]) is not None
        operator = re.match(r"\)?(?:::text)?\s*([<>=!~*@&|]+|IS\b)", after)
        sign = operator[1] if operator else _before(before)
        kind = "equal" if sign in EQUAL else "ranged" if sign in RANGE else "others"
        yield hit[1], "others" if called or either else kind


def _before(text: str) -> str:
    """The operator that ends a text, for a column on the right of it."""
    found = re.search(r"([<>=!~*@&|]+)\s*\(*$", text)
    return found[1] if found else ""
