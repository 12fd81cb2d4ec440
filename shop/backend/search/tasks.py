"""Embedding all books anew, when another model is to search them."""

from typing import Any

import numpy as np
from celery import shared_task
from django.conf import settings
from django.db import connection, transaction

from catalog.models import Book
from recommendations.client import Unavailable
from search.models import BookVector, NextVector
from search.vectors import changed, stored_version
from shop import provider

BATCH = 128
SECONDS = 20.0
"""That one batch may take."""


def model_of(version: str, active: str) -> str:
    """What to ask the provider for, to be answered by a version."""
    name = settings.AI_EMBEDDING_MODEL
    return name if version == active else f"{name}@{version}"


@shared_task(autoretry_for=(Unavailable,), retry_backoff=5, max_retries=5)
def embed_books(version: str, after: int = 0) -> None:
    """Embed the books after an id with a version of the model: a batch, then the next as a task.

    Searches use the old vectors until all new ones are there. Done twice, it writes the same again;
    when the provider has moved on to another version meanwhile, it ends.
    """
    if stored_version() == version:
        return
    books = list(
        Book.objects.only("title", "description").filter(id__gt=after).order_by("id")[:BATCH]
    )
    if books and not _embed(books, version):
        return
    if len(books) == BATCH:
        embed_books.delay(version, books[-1].id)
    elif _flip(version):
        changed()


def _embed(books: list[Any], version: str) -> bool:
    """Keep the vectors of some books; False when another version answers."""
    texts = [f"{book.title}. {book.description}" for book in books]
    answer = provider.embed(texts, settings.AI_EMBEDDING_MODEL, SECONDS)
    if answer.source.version != version:
        return False
    matrix = np.array(answer.vectors, "<f4")
    rows = [
        NextVector(book_id=book.id, version=version, vector=row.tobytes())
        for book, row in zip(books, matrix, strict=True)
    ]
    NextVector.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["book"],
        update_fields=["version", "vector"],
    )
    return True


def _flip(version: str) -> bool:
    """Put the new vectors in the old ones' place, all at once; False when some are missing."""
    fresh = NextVector.objects.filter(version=version)
    with transaction.atomic():
        if fresh.count() != Book.objects.count():
            return False
        BookVector.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO search_bookvector (book_id, version, vector)"
                " SELECT book_id, version, vector FROM search_nextvector"
            )
        NextVector.objects.all().delete()
    return True
