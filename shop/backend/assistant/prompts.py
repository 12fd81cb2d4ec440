"""What the model is told of a book."""

from django.shortcuts import get_object_or_404

from catalog.models import Book
from reviews.queries import of_book

REVIEWS, LONGEST = 12, 500
"""The newest reviews that are told, and characters of each."""

INSTRUCTION = (
    "You answer questions about one book in a book shop, in a few sentences. Use only what is said "
    "below of the book and by its readers; when the answer is not there, say so."
)


def about(book_id: int, question: str) -> list[dict[str, str]]:
    """The messages to ask with; raises Http404.

    What people wrote stays in lines of its own: nobody can write a line of another kind into it.
    """
    books = Book.objects.only("title", "description", "genre__name").select_related("genre")
    book = get_object_or_404(books, id=book_id)
    said = of_book(book_id).order_by("-created", "-id").values_list("text", flat=True)[:REVIEWS]
    lines = [
        f"Book: {book.title} ({book.genre.name})",
        f"Description: {book.description}",
        "Reviews:",
        *(f"- {' '.join(text[:LONGEST].split())}" for text in said),
        "",
        f"Question: {' '.join(question.split())}",
    ]
    return [
        {"role": "system", "content": INSTRUCTION},
        {"role": "user", "content": "\n".join(lines)},
    ]
