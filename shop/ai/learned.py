"""What the models say ahead of any request, as rows for the database.

Written to DIR/learned/, one CSV a table without a header, with ``tables.json`` as the generator's:
vectors of all books, summaries of the most reviewed ones, and how reviews are meant.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ai import prompt, records
from ai.embedding import Embedding
from ai.sentiment import Sentiment
from ai.summary import NOTHING, Summary, reviewed

VERSION = "2026-09"
SUMMARIES = 500
BATCH = 2000
TABLES = {
    "search_bookvector": "book_id,version,vector",
    "reviews_summary": "book_id,text,model,version,reviews,created",
    "reviews_mood": "book_id,positive,reviews",
}


def _write(data: Path, table: str, rows: Iterable[Sequence[object]]) -> None:
    folder = data / "learned"
    folder.mkdir(exist_ok=True)
    with (folder / f"{table}.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch


def vectors(model: Embedding, data: Path) -> None:
    """The vector of each book, float32 little-endian, as PostgreSQL's hexadecimal bytea."""

    def rows() -> Iterator[Sequence[object]]:
        for batch in _batches(records.books(data)):
            found = model.embed([text for _, text in batch]).astype("<f4")
            for (book, _), vector in zip(batch, found, strict=True):
                yield book, VERSION, f"\\x{vector.tobytes().hex()}"

    _write(data, "search_bookvector", rows())


def summaries(model: Summary, data: Path) -> None:
    """Summaries of the most reviewed books, as of the newest review of each."""
    often = Counter(review.book for review in records.reviews(data))
    rows = []
    for book, some in sorted(reviewed(data, SUMMARIES).items()):
        asked = prompt.read(prompt.write([review.text for review in some]))
        text = " ".join(model.answer(asked)) or NOTHING
        rows.append((book, text, "summary", VERSION, often[book], some[0].created))
    _write(data, "reviews_summary", rows)


def mood(model: Sentiment, data: Path) -> None:
    """How likely the reviews of each book praise it, on average; and how many there are."""
    total: Counter[int] = Counter()
    praise: dict[int, float] = {}
    for batch in _batches(records.reviews(data)):
        found = model.positive([review.text for review in batch])
        for review, positive in zip(batch, found, strict=True):
            total[review.book] += 1
            praise[review.book] = praise.get(review.book, 0.0) + positive
    _write(data, "reviews_mood", ((b, round(praise[b] / total[b], 4), total[b]) for b in praise))


STEPS: dict[str, Callable[[Any, Path], None]] = {
    "embedding": vectors,
    "summary": summaries,
    "sentiment": mood,
}
"""Model -> what its version ``VERSION`` says ahead."""


def index(data: Path) -> None:
    """Say what has been written; last, so that what is half-done is not loaded."""
    (data / "learned" / "tables.json").write_text(json.dumps(TABLES, indent=1))
