"""Keyset pagination: a page costs the same however deep it is."""

import base64
import json
from typing import Any

from django.core.exceptions import ValidationError as Unfit
from django.db import DataError
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError


def encode(values: list[Any]) -> str:
    text = json.dumps(values, default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """The values of a cursor; ValidationError (400) when it is not one of ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise foreign()
    return values


def foreign() -> ValidationError:
    return ValidationError({"after": "This is not a cursor of this list."})


def keyset(queryset: QuerySet, order: list[str], size: int, after: str) -> tuple[list[Any], Any]:
    """One page of ``queryset`` and the cursor of the next one, or None.

    ``order``: a field and the id, both ascending or both descending ("-sold", "-id"), as an index
    has them.
    """
    fields = [name.lstrip("-") for name in order]
    try:
        if after:
            queryset = queryset.filter(_beyond(decode(after, 2), order[0], fields))
        rows = list(queryset.order_by(*order)[: size + 1])
    except (ValueError, TypeError, OverflowError, Unfit, DataError) as error:
        # Whoever makes up a cursor can put anything into it that JSON has.
        if not after:
            raise
        raise foreign() from error
    if len(rows) <= size:
        return rows, None
    last_row = rows[size - 1]
    return rows[:size], encode([getattr(last_row, name) for name in fields])


def _beyond(last: list[Any], order: str, fields: list[str]) -> Q:
    """What comes after a row with these values."""
    side = "lt" if order.startswith("-") else "gt"
    # The first condition lets the index find the place, the second steps over equal values.
    return Q(**{f"{fields[0]}__{side}e": last[0]}) & (
        Q(**{f"{fields[0]}__{side}": last[0]}) | Q(**{f"{fields[1]}__{side}": last[1]})
    )
