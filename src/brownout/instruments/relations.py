"""Tables of the database: sequential scans a second, and the indexes that there are."""

from __future__ import annotations

from itertools import groupby

from brownout.model import NS, Artifact, Recording

NEEDS = ("relations", "indexes")
UNIT = "1/s"
COLUMNS = (
    "relation", "n", "seq_scans_per_s", "seq_rows_per_s", "index_scans_per_s", "live_rows",
    "indexes_start", "indexes_end",
)  # fmt: skip
KEYS = ("relation",)
FIGURES = COLUMNS[1:-2]
ORDER = "seq_rows_per_s"
PARTS = {"indexes_end": (("name", "definition"), ("scans",))}

SQL = """
SELECT relation, ts, seq_scans, seq_rows, index_scans, live_rows FROM relations
WHERE ts >= $1 - 6000000000 AND ts < $2 ORDER BY relation, ts
"""
INDEXES = """
SELECT relation, name, definition, scans, ts FROM indexes
WHERE ts IN (SELECT min(ts) FROM indexes WHERE ts >= $1 AND ts < $2
             UNION ALL SELECT max(ts) FROM indexes WHERE ts >= $1 AND ts < $2)
ORDER BY ts, relation, name
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row a table; a rate is null with a single sample or when its counter fell.

    The counters are sampled every few seconds: the sample just before the window is its first.
    ``indexes_start`` and ``indexes_end``: (name, definition, scans so far) in the window's first
    and last sample.
    """
    bounds = recording.windows[window]
    span = [bounds.start, bounds.end]
    indexes = recording.query(INDEXES, span)
    moments = sorted({row[4] for row in indexes})
    rows = []
    for relation, group in groupby(recording.query(SQL, span), lambda r: r[0]):
        samples = list(group)
        inside = [s for s in samples if s[1] >= bounds.start]
        first = max((s for s in samples if s[1] < bounds.start), default=None, key=lambda s: s[1])
        if not inside:
            continue
        figures = _rates(first or inside[0], inside[-1])
        ends = tuple(
            tuple((name, text, scans) for r, name, text, scans, ts in indexes
                  if r == relation and ts == moment)
            for moment in (moments[:1] + moments[-1:])
        ) or ((), ())  # fmt: skip
        rows.append((relation, len(inside), *figures, inside[-1][5], *ends))
    return Artifact("relations", window, UNIT, sum(r[1] for r in rows), COLUMNS, tuple(rows))


def _rates(first: tuple[int, ...], last: tuple[int, ...]) -> tuple[float | None, ...]:
    """Per second each; None for a counter that fell: of a table's scans by index, when one of its
    indexes went and took its share along, and of all of them after a reset."""
    seconds = (last[1] - first[1]) / NS
    changes = [b - a for a, b in zip(first[2:5], last[2:5], strict=True)]
    return tuple(
        round(change / seconds, 6) if seconds > 0 and change >= 0 else None for change in changes
    )
