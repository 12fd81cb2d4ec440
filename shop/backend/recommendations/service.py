"""What to recommend: to a customer, and beside a book."""

from django.core.cache import cache

from recommendations.client import Unavailable, ask

COUNT = 12
SIMILAR = 6
CUSTOMER_TIMEOUT = 600
BOOK_TIMEOUT = 3600


def for_customer(customer_id: int) -> list[int]:
    """Book ids for a customer, best first; empty when the AI service is away."""
    key = f"recommended:{customer_id}"
    found = cache.get(key)
    if found is None:
        try:
            found = ask("/v1/recommend", {"customer": customer_id, "count": COUNT})["books"]
        except Unavailable:
            return []
        cache.set(key, found, CUSTOMER_TIMEOUT)
    return found


def similar(book_id: int) -> list[int]:
    """Book ids like a book; empty when the AI service is away."""
    key = f"similar:{book_id}"
    found = cache.get(key)
    if found is None:
        try:
            found = ask("/v1/similar", {"book": book_id, "count": SIMILAR})["books"]
        except Unavailable:
            return []
        cache.set(key, found, BOOK_TIMEOUT)
    return found
