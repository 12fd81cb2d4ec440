"""What reviews are read for, off the request's path. Done twice, none of it changes anything."""

from celery import shared_task

from recommendations.client import Unavailable
from reviews import sentiment, summaries

POPULAR, NIGHTLY = 500, 50
"""Books that have a summary whoever reviews them, and how many are made in a night."""


@shared_task(autoretry_for=(Unavailable,), retry_backoff=5, max_retries=5)
def classify(review_ids: list[int]) -> None:
    """Read reviews for how favourable they are."""
    sentiment.classify(review_ids)


@shared_task(autoretry_for=(Unavailable,), retry_backoff=5, max_retries=5)
def summarise(book_id: int) -> None:
    """Renew a book's summary when it is out of date."""
    summaries.summarise(book_id)


@shared_task
def summarise_popular() -> None:
    """At night: a task for each popular book whose summary is missing or out of date."""
    for book_id in summaries.lacking(summaries.most_reviewed(POPULAR))[:NIGHTLY]:
        summarise.delay(book_id)
