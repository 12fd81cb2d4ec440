"""The reviews' queries."""

from django.db.models import QuerySet

from reviews.models import Review

LATEST = 20


def of_book(book_id: int) -> QuerySet[Review]:
    """The reviews of a book with their writers."""
    return Review.objects.filter(book_id=book_id).select_related("customer")


def latest(book_id: int) -> list[Review]:
    """The newest reviews of a book."""
    return list(of_book(book_id).order_by("-created", "-id")[:LATEST])
