"""What to recommend: to a customer, and beside a book."""

from datetime import timedelta

from django.utils import timezone

from recommendations.client import Unavailable, ask, ids
from recommendations.models import List
from shop.caching import cached

COUNT = 12
SIMILAR = 6
CUSTOMER_TIMEOUT = 600
BOOK_TIMEOUT = 3600
FRESH = timedelta(hours=36)
"""The age at which last night's list has missed a night."""


def for_customer(customer_id: int) -> list[int]:
    """Book ids for a customer, best first; empty when the AI service is away."""

    def compute() -> list[int]:
        return _stored(customer_id) or _asked("recommend", {"customer": customer_id}, COUNT)

    try:
        return cached(f"recommended:{customer_id}", CUSTOMER_TIMEOUT, compute)
    except Unavailable:
        return []


def similar(book_id: int) -> list[int]:
    """Book ids like a book; empty when the AI service is away."""

    def compute() -> list[int]:
        return _asked("similar", {"book": book_id}, SIMILAR)

    try:
        return cached(f"similar:{book_id}", BOOK_TIMEOUT, compute)
    except Unavailable:
        return []


def _stored(customer_id: int) -> list[int] | None:
    lists = List.objects.filter(customer_id=customer_id, created__gt=timezone.now() - FRESH)
    return lists.values_list("books", flat=True).first()


def _asked(what: str, about: dict[str, int], count: int) -> list[int]:
    return ids(ask(f"/v1/{what}", about | {"count": count}).get("books"))
