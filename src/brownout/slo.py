"""What the shop promises its users: ``slo.toml``, read, checked, and told what is wrong in it."""

from __future__ import annotations

import ast
import contextlib
import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brownout.model import BrownoutError

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

CONVERTER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
"""A parameter in a Django pattern, ``<int:id>``; routes tell it as ``{id}``."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure must be at least, or at most, so much; the other limit is None."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """All that is promised. ``routes``: route -> (p95 in ms, error rate 0..1); ``pages``: page ->
    largest contentful paint in ms; ``quality``: metric -> bound; ``freshness``: what -> age in s.
    The last two are judged by the shop's golden sets, which read the file by themselves.
    """

    routes: Mapping[str, tuple[float, float]]
    pages: Mapping[str, float]
    quality: Mapping[str, Bound]
    freshness: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field wants: in words, and whether a value will do."""

    words: str
    fits: Callable[[Any], bool]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


TEXT = Kind("a text", lambda v: isinstance(v, str) and v.strip() == v != "")
ROUTE = Kind(
    'a method and a path as in "GET /api/books/{id}/"',
    lambda v: isinstance(v, str) and bool(re.fullmatch(rf"({'|'.join(METHODS)}) /\S*", v)),
)
PAGE = Kind('a path as in "/books/{id}"', lambda v: isinstance(v, str) and v.startswith("/"))
NUMBER = Kind("a number", _number)
POSITIVE = Kind("a number above 0", lambda v: _number(v) and v > 0)
SHARE = Kind("a share from 0 to 1", lambda v: _number(v) and 0 <= v <= 1)

TABLES: Mapping[str, Mapping[str, Kind]] = {
    "route": {"route": ROUTE, "p95_ms": POSITIVE, "error_rate": SHARE},
    "page": {"page": PAGE, "lcp_ms": POSITIVE},
    "quality": {"metric": TEXT},
    "freshness": {"what": TEXT, "at_most_s": POSITIVE},
}
"""The lists of ``slo.toml`` and the fields of their entries; the first one names the entry."""

BOUNDS = {"at_least": NUMBER, "at_most": NUMBER}
"""A quality has exactly one of these."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list: where it stands (line numbers count from 1), and its fields."""

    path: Path
    line: int
    table: str
    fields: Mapping[str, Any]

    def wrong(self, what: str) -> BrownoutError:
        return BrownoutError(f"{self.path}, line {self.line}: [[{self.table}]] {what}")


def load(shop: Path) -> Declared:
    """The promises of a shop. Raises BrownoutError with file, line, entry, field and the remedy."""
    path = shop / "slo.toml"
    raw = _read(path)
    found = {table: list(_entries(path, table, raw)) for table in TABLES}
    for table, entries in found.items():
        _check(table, entries)
    if not found["route"]:
        raise BrownoutError(f"{path}: no route is promised; add a [[route]]")
    _check_known(shop, found)
    return Declared(
        routes={
            e.fields["route"]: (float(e.fields["p95_ms"]), float(e.fields["error_rate"]))
            for e in found["route"]
        },
        pages={e.fields["page"]: float(e.fields["lcp_ms"]) for e in found["page"]},
        quality={
            e.fields["metric"]: Bound(e.fields.get("at_least"), e.fields.get("at_most"))
            for e in found["quality"]
        },
        freshness={e.fields["what"]: float(e.fields["at_most_s"]) for e in found["freshness"]},
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        raw = tomllib.loads(path.read_text())
    except OSError as error:
        raise BrownoutError(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:  # neither TOML nor UTF-8
        raise BrownoutError(f"{path}: {error}") from error
    for name in raw.keys() - TABLES.keys():
        raise BrownoutError(f"{path}: {_unknown('list', name, TABLES)}")
    return raw


def _entries(path: Path, table: str, raw: Mapping[str, Any]) -> Iterator[Entry]:
    lines = path.read_text().splitlines()
    headers = [n for n, line in enumerate(lines, 1) if re.match(rf"\s*\[\[\s*{table}\s*\]\]", line)]
    entries = raw.get(table, [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise BrownoutError(f"{path}: {table} is no list of tables; begin each with [[{table}]]")
    for number, fields in enumerate(entries):
        yield Entry(path, headers[number] if number < len(headers) else 1, table, fields)


def _check(table: str, entries: Sequence[Entry]) -> None:
    wanted = TABLES[table]
    key = next(iter(wanted))
    allowed = {**wanted, **BOUNDS} if table == "quality" else wanted
    seen: dict[str, Entry] = {}
    for entry in entries:
        for name in entry.fields.keys() - allowed.keys():
            raise entry.wrong(_unknown("field", name, allowed))
        for name, kind in allowed.items():
            value = entry.fields.get(name)
            if (value is not None or name in wanted) and not kind.fits(value):
                found = "is missing" if value is None else f"is {value!r}"
                raise entry.wrong(f"field {name} {found}; {kind.words} is wanted")
        if table == "quality" and len(entry.fields.keys() & BOUNDS.keys()) != 1:
            raise entry.wrong(f"{entry.fields[key]!r}: either at_least or at_most is wanted")
        first = seen.setdefault(entry.fields[key], entry)
        if first is not entry:
            raise entry.wrong(
                f"field {key}: {entry.fields[key]!r} is promised in line {first.line} already; "
                "leave one of the two out"
            )


def _check_known(shop: Path, found: Mapping[str, Sequence[Entry]]) -> None:
    """What the shop does not serve, or measure, nobody could ever judge."""
    known = paths(shop / "backend")
    for entry in (*found["route"], *found["page"]):
        value = str(entry.fields[entry.table])
        path = value.rsplit(" ", 1)[-1]
        if path not in known:
            raise entry.wrong(f"field {entry.table}: {_unknown('path', path, known)}")
    quality, freshness = metrics(shop)
    for entry in found["quality"]:
        name = entry.fields["metric"]
        if name not in quality:
            raise entry.wrong(f"field metric: {_unknown('metric', name, quality)}")
        if quality[name] not in entry.fields:
            raise entry.wrong(f"{name!r}: {quality[name]} is wanted, not the other bound")
    for entry in found["freshness"]:
        name = entry.fields["what"]
        if name not in freshness:
            raise entry.wrong(f"field what: {_unknown('name', name, freshness)}")


def _unknown(what: str, name: str, known: Mapping[str, Any] | set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(sorted(known))}"
    return f"unknown {what} {name}; {hint}"


def paths(backend: Path, module: str = "shop.urls", prefix: str = "/") -> set[str]:
    """The paths that the shop's URL files name, as routes have them: ``/api/books/{id}/``.

    They are read as text: brownout imports nothing of the shop.
    """
    tree = _parsed(backend / f"{module.replace('.', '/')}.py", "the shop's URLs")
    found: set[str] = set()
    for name, arguments in _calls(tree):
        if name == "path" and len(arguments) > 1 and (pattern := _text(arguments[0])) is not None:
            inner = [_text(a[0]) for n, a in _calls(arguments[1]) if n == "include" and a]
            if inner and inner[0]:
                found |= paths(backend, inner[0], prefix + pattern)
            else:
                found.add(CONVERTER.sub(r"{\1}", prefix + pattern))
    return found


def metrics(shop: Path) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What the shop's golden sets can judge: (metric -> at_least or at_most, what has an age ->
    its metric), read as text from where the shop names them.
    """
    file = shop / "ai" / "limits.py"
    tree = _parsed(file, "the shop's metrics")
    found: dict[str, Mapping[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            with contextlib.suppress(ValueError):  # no literal
                found[node.targets[0].id] = ast.literal_eval(node.value)
    try:
        return found["QUALITY"], found["FRESHNESS"]
    except KeyError as error:
        raise BrownoutError(f"{file} names no {error.args[0]}, the shop's metrics") from error


def _parsed(file: Path, names: str) -> ast.Module:
    try:
        return ast.parse(file.read_text())
    except (OSError, SyntaxError, ValueError) as error:
        raise BrownoutError(f"{file}, which names {names}, cannot be read: {error}") from error


def _calls(tree: ast.AST) -> Iterator[tuple[str, list[ast.expr]]]:
    """(name, arguments) of each call of a plain name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node.args


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
