"""What a file is, by its name or first bytes, before anything tries to read it."""

from __future__ import annotations

from pathlib import Path

from brownout.model import BrownoutError

WIDEST = 10_000
"""Columns beyond which a table is refused: each costs a reader's memory, whatever is in it."""

FOOTER = 64_000_000
"""Bytes of a Parquet file's description of itself, likewise."""

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
    with path.open("rb") as file:
        head = file.read(4096).lstrip()
    return "parquet" if head[:4] == b"PAR1" else "json" if head[:1] in (b"{", b"[") else "csv"


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
