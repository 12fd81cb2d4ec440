"""The files that are written: one CSV a table, for COPY, without a header."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

TODAY = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
"""The moment at which the generated history ends."""

DAY = 86_400

TABLES = {
    "auth_user": "id,password,last_login,is_superuser,username,first_name,last_name,email,"
    "is_staff,is_active,date_joined",
    "catalog_genre": "id,slug,name",
    "catalog_author": "id,name",
    "catalog_book": "id,title,description,genre_id,price_cents,published,weight_g,stock,"
    "sold,rating,review_count",
    "catalog_book_authors": "id,book_id,author_id",
    "orders_customer": "id,visitor,name,email,city,user_id",
    "reviews_review": "id,book_id,customer_id,rating,text,helpful,created",
    "orders_order": "id,visitor,customer_id,name,email,city,total_cents,delivery_hours,created,"
    "confirmed",
    "orders_orderline": "id,order_id,book_id,quantity,price_cents",
}
"""Table -> columns of its CSV, in the order in which they must be loaded."""

Column = Sequence[str] | np.ndarray
"""Values ready for CSV: strings (quoted where they must be), or whole numbers."""


def describe(folder: Path) -> None:
    """Write ``tables.json``, by which the data are loaded."""
    (folder / "tables.json").write_text(json.dumps(TABLES, indent=1))


@contextmanager
def table(folder: Path, name: str) -> Iterator[Callable[..., None]]:
    """Open a table's CSV; what is given takes the columns of some rows, as often as wanted."""
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:

        def write(*columns: Column) -> None:
            file.write(lines(",", *columns))

        yield write


def lines(between: str, *columns: Column) -> str:
    """Rows of text, each ended by a line feed."""
    rows = map(between.join, zip(*map(_texts, columns), strict=True))
    return "".join(f"{row}\n" for row in rows)


def _texts(column: Column) -> Sequence[str]:
    if not isinstance(column, np.ndarray):
        return column
    values = column.tolist()
    return values if column.dtype == object else list(map(str, values))


def ids(start: int, n: int) -> np.ndarray:
    """The next n ids."""
    return np.arange(start, start + n)


def strings(values: Sequence[str]) -> np.ndarray:
    """Strings to pick from by index."""
    return np.array(values, dtype=object)


def quoted(value: str) -> str:
    """For CSV. What is generated holds no quotation marks."""
    return f'"{value}"'


DATES = strings([f"{TODAY - dt.timedelta(days=d):%Y-%m-%d}" for d in range(9_001)])
"""Dates by the days before TODAY."""
TIMES = strings([f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}+00:00" for s in range(DAY)])
"""Times of day, by the second."""


def stamps(seconds_ago: np.ndarray) -> np.ndarray:
    """Moments before TODAY (which begins at midnight) as ISO 8601 in UTC."""
    days = -(-seconds_ago // DAY)
    return DATES[days] + TIMES[days * DAY - seconds_ago]
