"""The catalogue's queries, each with the relations that its readers need."""

from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from catalog.models import Book, Genre
from catalog.serializers import BookCard, GenreLine
from reviews.models import Review
from shop.caching import cached, renew

SORTS = {
    "popular": ["-sold", "-id"],
    "newest": ["-published", "-id"],
    "rating": ["-rating", "-id"],
    "price": ["price_cents", "id"],
}
TOP = 12
TOP_TIMEOUT = 300
GENRES_TIMEOUT = 3600


def cards() -> QuerySet[Book]:
    """Books as lists show them: authors in one further query, long columns left out."""
    return Book.objects.defer("document", "description").prefetch_related("authors")


def by_ids(ids: list[int], books: QuerySet[Book] | None = None) -> list[Book]:
    """Books in the order of ``ids``; those that are gone are left out."""
    chosen = cards() if books is None else books
    found = {book.id: book for book in chosen.filter(id__in=ids)}
    return [found[i] for i in ids if i in found]


def with_opinion() -> QuerySet[Book]:
    """Books with the text of their newest review, found in the same query."""
    newest = Review.objects.filter(book=OuterRef("pk")).order_by("-created", "-id")
    return cards().annotate(opinion=Subquery(newest.values("text")[:1]))


def top(sort: str) -> list[dict[str, Any]]:
    """The first books of a sort order, from the cache; a periodic task keeps it warm."""
    return cached(f"top:{sort}", TOP_TIMEOUT, lambda: _top(sort))


def refresh_top(sort: str) -> list[dict[str, Any]]:
    """Compute a top list anew and put it into the cache."""
    return renew(f"top:{sort}", TOP_TIMEOUT, lambda: _top(sort))


def _top(sort: str) -> list[dict[str, Any]]:
    return BookCard(cards().order_by(*SORTS[sort])[:TOP], many=True).data


def genres() -> list[dict[str, Any]]:
    """All genres with the number of their books."""

    def count() -> list[dict[str, Any]]:
        counted = Genre.objects.annotate(count=Count("books")).order_by("name")
        return GenreLine(counted, many=True).data

    return cached("genres", GENRES_TIMEOUT, count)
