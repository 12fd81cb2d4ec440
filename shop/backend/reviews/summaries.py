"""Summaries of what readers say: made ahead, renewed when enough has been said since."""

from django.db.models import F, Q
from django.utils import timezone

from catalog.models import Book
from reviews.models import Summary
from reviews.queries import of_book
from shop import provider

FEWEST = 5
"""Reviews that are worth a summary."""

GROWN = 1.2
"""A summary is renewed when there are so many times the reviews that it was made of."""

READ, LONGEST, TOKENS = 40, 600, 160
"""The newest reviews that are read, characters of each, and tokens of a summary."""

INSTRUCTION = (
    "Summarise what readers say about this book, in three sentences at most. "
    "Say nothing that is not in their reviews."
)

LACKING = Q(summary=None) | Q(review_count__gte=F("summary__reviews") * GROWN)


def lacking(book_ids: list[int]) -> list[int]:
    """Those of these books whose summary is missing or out of date."""
    books = Book.objects.filter(LACKING, id__in=book_ids, review_count__gte=FEWEST)
    return list(books.order_by("id").values_list("id", flat=True))


def most_reviewed(count: int) -> list[int]:
    """The books that most readers have something to say about."""
    books = Book.objects.order_by("-review_count", "-id")
    return list(books.values_list("id", flat=True)[:count])


def summarise(book_id: int) -> None:
    """Make a book's summary if it lacks one; raises Unavailable."""
    if not lacking([book_id]):
        return
    book = Book.objects.only("title", "review_count").get(id=book_id)
    said = of_book(book_id).order_by("-created", "-id").values_list("text", flat=True)[:READ]
    reviews = "\n".join(f"- {' '.join(text[:LONGEST].split())}" for text in said)
    messages = [
        {"role": "system", "content": INSTRUCTION},
        {"role": "user", "content": f"Reviews of “{book.title}”:\n{reviews}"},
    ]
    text, source = provider.chat(messages, TOKENS)
    made = {
        "text": text,
        "model": source.model,
        "version": source.version,
        "reviews": book.review_count,
        "created": timezone.now(),
    }
    Summary.objects.update_or_create(book_id=book_id, defaults=made)
