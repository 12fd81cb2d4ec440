"""The cart of a visitor."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from catalog.queries import cards
from orders.models import CartItem
from orders.serializers import CartLine

LIMIT = 50
"""Different books in one cart at most."""


def items(visitor: UUID | None) -> list[CartItem]:
    """The cart's items with their books, in the order in which they were put in."""
    found = CartItem.objects.filter(visitor=visitor).order_by("id")
    return list(found.prefetch_related(Prefetch("book", queryset=cards())))


def summary(visitor: UUID | None) -> dict[str, Any]:
    """The cart as the API gives it."""
    found = items(visitor) if visitor else []
    total = sum(item.quantity * item.book.price_cents for item in found)
    return {"items": CartLine(found, many=True).data, "total_cents": total}
