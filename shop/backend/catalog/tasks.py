"""Periodic work of the catalogue."""

from celery import shared_task

from catalog.queries import refresh_top


@shared_task
def refresh_top_lists() -> None:
    """Keep the lists of the home page in the cache, so that no visitor waits for them."""
    for sort in ("popular", "newest"):
        refresh_top(sort)
