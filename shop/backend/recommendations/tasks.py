"""Recommendations worked out ahead, at night: all customers, in batches."""

from celery import shared_task
from django.utils import timezone

from orders.models import Customer
from recommendations.client import Unavailable, ask, ids, named
from recommendations.models import List
from recommendations.service import COUNT

BATCH = 200
SECONDS = 20.0
"""That one batch may take."""


@shared_task(autoretry_for=(Unavailable,), retry_backoff=10, max_retries=5)
def recommend(after: int = 0) -> None:
    """The lists of the customers after an id; a batch, then the next as a task of its own.

    Done twice, it writes the same lists again. Other tasks get their turn between the batches.
    """
    customers = list(
        Customer.objects.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:BATCH]
    )
    if not customers:
        return
    answer = ask("/v1/recommend", {"customers": customers, "count": COUNT}, SECONDS)
    lists = answer.get("lists")
    if not isinstance(lists, list) or len(lists) != len(customers):
        raise Unavailable(f"{len(customers)} lists are wanted")
    now, version = timezone.now(), named(answer)["version"]
    rows = [
        List(customer_id=customer, books=ids(books), version=version, created=now)
        for customer, books in zip(customers, lists, strict=True)
    ]
    List.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["books", "version", "created"],
    )
    if len(customers) == BATCH:
        recommend.delay(customers[-1])
