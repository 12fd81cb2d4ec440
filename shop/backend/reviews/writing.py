"""Writing a review."""

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count
from django.utils import timezone
from rest_framework.exceptions import APIException

from catalog.models import Book
from orders.models import Customer
from recommendations.because import forget
from reviews.models import Review
from reviews.tasks import classify, summarise


class Already(APIException):
    status_code = 409
    default_detail = "You have reviewed this book."
    default_code = "already"


def write(customer: Customer, book_id: int, rating: int, text: str) -> Review:
    """Publish a customer's review; raises Already for a second one of the same book."""
    try:
        with transaction.atomic():
            review = Review.objects.create(
                customer=customer, book_id=book_id, rating=rating, text=text, created=timezone.now()
            )
            _rate(book_id)
            transaction.on_commit(lambda: _follow(review), robust=True)
    except IntegrityError as error:
        raise Already from error
    return review


def _rate(book_id: int) -> None:
    # The book is locked first: who rates it at the same moment counts after us, and counts us.
    book = Book.objects.select_for_update().only("id").get(id=book_id)
    said = Review.objects.filter(book=book).aggregate(rating=Avg("rating"), count=Count("id"))
    Book.objects.filter(id=book_id).update(rating=said["rating"], review_count=said["count"])


def _follow(review: Review) -> None:
    forget(review.customer_id)
    classify.delay([review.id])
    summarise.delay(review.book_id)
