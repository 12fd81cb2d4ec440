"""How favourable reviews sound: read in batches by the AI service, kept per review and per book."""

from django.db import transaction
from django.db.models import F

from recommendations.client import Unavailable, ask, numbers
from reviews.models import Mood, Review

SECONDS = 10.0


def classify(review_ids: list[int]) -> None:
    """Read the reviews that nobody has read yet, in one call; raises Unavailable."""
    reviews = list(Review.objects.filter(id__in=review_ids, positive=None).order_by("id"))
    if not reviews:
        return
    answer = ask("/v1/classify/sentiment", {"texts": [r.text for r in reviews]}, SECONDS)
    found = numbers(answer, "positive", len(reviews))
    if not all(0 <= positive <= 1 for positive in found):
        raise Unavailable("positive: numbers from 0 to 1 are wanted")
    for review, positive in zip(reviews, found, strict=True):
        _keep(review, positive)


def _keep(review: Review, positive: float) -> None:
    """Write it down once, however often the task is delivered."""
    with transaction.atomic():
        unread = Review.objects.filter(id=review.id, positive=None)
        if not unread.update(positive=positive):
            return
        first = {"positive": positive, "reviews": 1}
        _, created = Mood.objects.get_or_create(book_id=review.book_id, defaults=first)
        if not created:
            total = F("positive") * F("reviews") + positive
            Mood.objects.filter(book_id=review.book_id).update(
                positive=total / (F("reviews") + 1), reviews=F("reviews") + 1
            )
