"""Files of series: of a tool that is known, or understood by their columns."""

from __future__ import annotations

from collections.abc import Sequence
from glob import glob
from pathlib import Path

from brownout.model import BrownoutError
from brownout.scan import gathering, readers, tables
from brownout.scan.formats import head, kind
from brownout.scan.tables import Named, Table


def table(paths: Sequence[Path], named: Named, room: Path) -> Table:
    """Understand files of one form; points that must be taken out of them are kept in ``room``.

    Raises BrownoutError in words for what cannot be.
    """
    paths = [file for path in paths for file in matching(path)]
    if kind(paths[0]) == "parquet":
        return tables.table(paths, named)
    first = head(paths[0])
    reader = readers.known(first)
    if reader is None:
        return tables.table(paths, named)
    for path in paths[1:]:
        kind(path)
        if isinstance(reader, readers.Rows) and head(path).columns != first.columns:
            raise BrownoutError(
                f"{paths[0]} is of {reader.name}, and {path} has other columns: "
                "scan files of the same columns together"
            )
    return gathering.table(reader, first, paths, named, room)


def matching(path: Path) -> list[Path]:
    """The files that a pattern means which no shell has replaced; any other path as it is."""
    if path.exists():
        return [path]
    return [Path(name) for name in sorted(glob(str(path)))] or [path]
