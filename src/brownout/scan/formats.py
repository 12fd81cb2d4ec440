"""What a file is, by its name or first bytes, before anything tries to read it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

from brownout.model import BrownoutError
from brownout.scan.readers import Head, opened

WIDEST = 10_000
"""Columns beyond which a table is refused: each costs a reader's memory, whatever is in it."""

FOOTER = 64_000_000
"""Bytes of a Parquet file's description of itself, likewise."""

START = 65_536
"""Bytes from which a table, or what JSON holds, is recognised."""

LARGEST = 64_000_000
"""Bytes of a JSON document that is read in one piece."""

ENDINGS = {
    "parquet": "parquet", "pq": "parquet", "csv": "csv", "tsv": "csv", "txt": "csv",
    "json": "json", "jsonl": "json", "ndjson": "json",
}  # fmt: skip


def kind(path: Path) -> str:
    """parquet, csv or json, by the name's ending or else by the first bytes."""
    if not path.exists():
        raise BrownoutError(f"{path}: no such file")
    if path.is_dir():
        raise BrownoutError(f"{path} is a folder; name the files in it: {path}/*.parquet")
    if path.stat().st_size == 0:
        raise BrownoutError(f"{path} is empty")
    ending = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    if ending in ENDINGS:
        return ENDINGS[ending]
    with opened(path) as file:
        start = file.read(4096).lstrip()
    return "parquet" if start[:4] == b"PAR1" else "json" if start[:1] in (b"{", b"[") else "csv"


def head(path: Path) -> Head:
    """What a file begins with; a document of JSON is read whole, up to LARGEST bytes."""
    try:
        with opened(path) as file:
            start = file.read(START)
    except (OSError, EOFError) as error:
        raise BrownoutError(f"{path} cannot be read: {error}") from error
    text = start.decode("utf-8-sig", "replace")
    if text.lstrip()[:1] == "{":
        return _json(path, text)
    line = text.partition("\n")[0].strip("\r")
    delimiter = max(",;\t|", key=line.count)
    columns = next(csv.reader([line], delimiter=delimiter), [])
    return Head(text, tuple(c.strip() for c in columns), delimiter)


def decimal_comma(start: Head) -> bool:
    """Whether a table that is divided by something else writes 2,5 for two and a half."""
    if start.delimiter == ",":
        return False
    fields = (f for line in start.text.splitlines()[1:200] for f in line.split(start.delimiter))
    return any(re.fullmatch(r'\s*"?[+-]?\d+,\d+"?\s*', field) for field in fields)


def _json(path: Path, text: str) -> Head:
    """A file that begins as an object: a document, or lines of them."""
    first, _, rest = text.lstrip().partition("\n")
    line = _object(first)
    if line and rest.lstrip()[:1] == "{":
        return Head(text, document=line, lines=True)
    with opened(path) as file:
        whole = file.read(LARGEST + 1)
    return Head(text, document=_object(whole) if len(whole) <= LARGEST else {})


def _object(text: str | bytes) -> dict[str, Any]:
    """What an object of JSON holds; nothing if it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def check_width(path: Path, reader: str) -> None:
    """Refuse a table with very many columns before anything tries to read them."""
    with path.open("rb") as file:
        head = file.readline(4_000_000)
        if reader == "parquet":
            file.seek(-min(8, path.stat().st_size), 2)
            tail = file.read(8)
            if tail[4:] != b"PAR1":
                raise BrownoutError(f"{path} is no Parquet file, or only a part of one")
            wide_ = int.from_bytes(tail[:4], "little") > FOOTER
        elif reader == "csv":
            wide_ = max(head.count(c) for c in (b",", b";", b"\t", b"|")) >= WIDEST
        else:
            wide_ = head.count(b'":') >= WIDEST and b"[{" not in head[:64].replace(b" ", b"")
    if wide_:
        raise too_wide(path)


def too_wide(path: Path) -> BrownoutError:
    """The error for a table with very many columns."""
    return BrownoutError(
        f"{path} has more than {WIDEST:,} columns: store a row a point (series, time, value)"
    )
