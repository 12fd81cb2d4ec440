"""What to recommend: to a customer, and beside a book."""

from datetime import timedelta
from typing import Any, TypedDict

from django.utils import timezone

from recommendations.client import Unavailable, ask, ids, named
from recommendations.models import List
from shop.caching import cached

COUNT = 12
SIMILAR = 6
CUSTOMER_TIMEOUT = 600
BOOK_TIMEOUT = 3600
FRESH = timedelta(hours=36)
"""The age at which last night's list has missed a night."""
MODEL = "recommender"


class Recommended(TypedDict):
    """Ids of books, best first; the model and version that chose them, and when."""

    books: list[int]
    source: dict[str, Any]


def for_customer(customer_id: int) -> Recommended | None:
    """What is recommended to a customer; None when the AI service is away."""

    def compute() -> Recommended:
        return _stored(customer_id) or _asked_now(customer_id)

    try:
        return cached(f"recommended:{customer_id}", CUSTOMER_TIMEOUT, compute)
    except Unavailable:
        return None


def similar(book_id: int) -> list[int]:
    """Book ids like a book; empty when the AI service is away."""

    def compute() -> list[int]:
        return ids(ask("/v1/similar", {"book": book_id, "count": SIMILAR}).get("books"))

    try:
        return cached(f"similar:{book_id}", BOOK_TIMEOUT, compute)
    except Unavailable:
        return []


def _stored(customer_id: int) -> Recommended | None:
    """Last night's list, if there is one."""
    since = timezone.now() - FRESH
    found = List.objects.filter(customer_id=customer_id, created__gt=since).first()
    if found is None or not found.books:
        return None
    source = {"model": MODEL, "version": found.version, "created": found.created}
    return {"books": found.books, "source": source}


def _asked_now(customer_id: int) -> Recommended:
    answer = ask("/v1/recommend", {"customer": customer_id, "count": COUNT})
    source = {**named(answer), "created": timezone.now()}
    return {"books": ids(answer.get("books")), "source": source}
