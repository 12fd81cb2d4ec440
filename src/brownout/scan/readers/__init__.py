"""Readers: how files that other tools write become series, one file each, found by folder.

Each module has ``READER``: ``Rows`` where a line of the file is a point (the database reads it, in
bounded memory), ``Documents`` where a file is one nested document that holds few points.
"""

from __future__ import annotations

import gzip
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple

from brownout.model import BrownoutError


class Point(NamedTuple):
    """A value of a series at a time (seconds since the epoch, or a plain number); or, with
    ``left_out``, why there is none."""

    series: str = ""
    time: float = 0.0
    value: float | None = None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What a file begins with: ``text``; the ``columns`` of a table's first line, and what is
    between them; of JSON, the ``document``, or the first one where ``lines`` hold one each."""

    text: str
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    document: Mapping[str, Any] = field(default_factory=dict)
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A table, or lines of JSON. ``series`` (several are joined by spaces), ``time`` and ``value``
    are columns, which the command line may replace; values of one second are one point.

    ``left_out``: reason -> SQL condition. ``sort``: SQL of "counter" (its values of a second are
    added up), "rate" (their mean) or NULL (their median), for the metric that ``metric`` (SQL)
    names. Lines of JSON: ``types`` of their fields, and ``places`` of the columns in these; what
    else is asked for stands for ``{}``.
    """

    name: str
    recognises: Callable[[Head], bool]
    series: tuple[str, ...]
    time: str
    value: str
    left_out: Mapping[str, str] = field(default_factory=dict)
    metric: str = "NULL"
    sort: str = "NULL"
    types: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Documents:
    """``points(paths, value)`` reads files in their order; ``values``: what the value may be, the
    usual one first. ``series`` and ``time``: what they are, in words; ``calendar``: times are
    seconds since the epoch."""

    name: str
    recognises: Callable[[Head], bool]
    points: Callable[[Sequence[Path], str], Iterator[Point]]
    series: str
    time: str
    values: tuple[str, ...]
    calendar: bool = True


Reader = Rows | Documents


@cache
def discover() -> dict[str, Reader]:
    """Name of the file -> reader, for every module in this folder."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        made: Any = importlib.import_module(f"{__name__}.{module.name}")
        found[module.name] = made.READER
    return found


def known(head: Head) -> Reader | None:
    """The reader of a file that begins so; None where no tool's is recognised."""
    return next((r for r in discover().values() if r.recognises(head)), None)


def packed(path: Path) -> bool:
    """Whether a file is packed with gzip."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def opened(path: Path) -> IO[bytes]:
    """A file to read, unpacked on the way if it is packed."""
    return gzip.open(path) if packed(path) else path.open("rb")  # type: ignore[return-value]


def parsed(
    paths: Iterable[Path], has: Callable[[Mapping[str, Any]], bool], what: str, script: str = ""
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """(path, document) of each file; ``script``: what may be assigned to, in place of plain JSON.

    Raises BrownoutError where a file is no JSON, or not of ``what``.
    """
    for path in paths:
        try:
            with opened(path) as file:
                text = file.read().decode("utf-8-sig").strip()
            if script and text.startswith(script):
                text = text.partition("=")[2].rstrip("; \n")
            document = json.loads(text)
        except (OSError, EOFError, ValueError) as error:
            raise BrownoutError(f"{path} is no JSON: {error}") from error
        if not isinstance(document, dict) or not has(document):
            raise BrownoutError(f"{path} is not of {what}: scan one kind at a time")
        yield path, document


def number(value: object) -> float | None:
    """A number, or a text of one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def seconds(text: object) -> float | None:
    """A date and time in ISO 8601 as seconds since the epoch; UTC where no zone is named."""
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
