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

import numpy as np

from ai import prompt, records
from ai.embedding import Embedding
from ai.quality import ndcg
from ai.sentiment import Sentiment
from ai.summary import NOTHING, Summary, reviewed

Golden = dict[str, Any]

VERSION = "2026-09"
BATCH = 10_000
CLOSE, WEIGHT = 0.4, 0.1
"""How the shop ranks by meaning: as its search/semantic.py has them."""
SEARCHES = 50
"""Golden queries that are asked of the shop's search: those of which most is known."""
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


def vectors(model: Embedding, data: Path, golden: Golden) -> Golden:
    """The vector of each book, float32 little-endian, as PostgreSQL's hexadecimal bytea.

    ``books``: how many there are; ``searches``: how many of the cases are asked of the shop, and
    ``shop``: the NDCG at 10 of these among all books, when they are ranked as the shop does.
    """
    batches = _batches(records.books(data))
    found = [(batch, model.embed([text for _, text in batch]).astype("<f4")) for batch in batches]
    _write(
        data,
        "search_bookvector",
        (
            (book, VERSION, f"\\x{vector.tobytes().hex()}")
            for batch, rows in found
            for (book, _), vector in zip(batch, rows, strict=True)
        ),
    )
    books = np.array([book for batch, _ in found for book, _ in batch])
    sold = records.sold(data)
    popularity = np.log1p([sold[book] for book in books.tolist()])
    cases = golden["cases"][:SEARCHES]
    cosines = (
        model.embed([case["query"] for case in cases])
        @ np.concatenate([rows for _, rows in found]).T
    )
    gains = [
        ndcg(books[_ranked(row, popularity)].tolist(), set(case["relevant"]))
        for row, case in zip(cosines, cases, strict=True)
    ]
    return {"books": len(books), "searches": len(cases), "shop": float(np.mean(gains))}


def _ranked(cosines: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """The places of the books that a search by meaning finds, best first."""
    close = np.flatnonzero(cosines >= CLOSE)
    return close[np.argsort(-(cosines[close] + WEIGHT * popularity[close]), kind="stable")]


def summaries(model: Summary, data: Path, golden: Golden) -> Golden:
    """Summaries of the most reviewed books, as of the newest review of each."""
    often = records.reviewed(data)
    rows = []
    for book, some in sorted(reviewed(data).items()):
        asked = prompt.read(prompt.write([review.text for review in some]))
        text = " ".join(model.answer(asked)) or NOTHING
        rows.append((book, text, "summary", VERSION, often[book], some[0].created))
    _write(data, "reviews_summary", rows)
    return {}


def mood(model: Sentiment, data: Path, golden: Golden) -> Golden:
    """How likely the reviews of each book praise it, on average; and how many there are."""
    total: Counter[int] = Counter()
    praise: dict[int, float] = {}
    for batch in _batches(records.reviews(data)):
        found = model.positive([review.text for review in batch])
        for review, positive in zip(batch, found, strict=True):
            total[review.book] += 1
            praise[review.book] = praise.get(review.book, 0.0) + positive
    _write(data, "reviews_mood", ((b, round(praise[b] / total[b], 4), total[b]) for b in praise))
    return {}


STEPS: dict[str, Callable[[Any, Path, Golden], Golden]] = {
    "embedding": vectors,
    "summary": summaries,
    "sentiment": mood,
}
"""Model -> what its version ``VERSION`` says ahead; what that adds to its golden set."""


def index(data: Path) -> None:
    """Say what has been written; last, so that what is half-done is not loaded."""
    (data / "learned" / "tables.json").write_text(json.dumps(TABLES, indent=1))
