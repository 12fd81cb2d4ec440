"""The cart of a visitor."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Prefetch
from rest_framework.exceptions import ValidationError

from catalog.queries import cards
from orders.models import CartItem
from orders.serializers import CartLine

LIMIT = 50
"""Different books in one cart at most."""

MOST = 1000
"""Copies of one book in a cart at most."""


def items(visitor: UUID | None) -> list[CartItem]:
    """The cart's items with their books, in the order in which they were put in."""
    found = CartItem.objects.filter(visitor=visitor).order_by("id")
    return list(found.prefetch_related(Prefetch("book", queryset=cards())))


def summary(visitor: UUID | None) -> dict[str, Any]:
    """The cart as the API gives it."""
    found = items(visitor) if visitor else []
    total = sum(item.quantity * item.book.price_cents for item in found)
    return {"items": CartLine(found, many=True).data, "total_cents": total}


def add(visitor: UUID, book_id: int, quantity: int) -> None:
    """Put copies of a book into the cart; raises ValidationError for more than it holds."""
    item, created = CartItem.objects.get_or_create(
        visitor=visitor, book_id=book_id, defaults={"quantity": quantity}
    )
    if created:
        if CartItem.objects.filter(visitor=visitor).count() > LIMIT:
            item.delete()
            raise ValidationError({"cart": f"A cart holds {LIMIT} different books at most."})
        return
    room = CartItem.objects.filter(id=item.id, quantity__lte=MOST - quantity)
    if room.update(quantity=F("quantity") + quantity):
        return
    if CartItem.objects.filter(id=item.id).exists():
        raise ValidationError({"quantity": f"A cart holds {MOST} copies of a book at most."})
    add(visitor, book_id, quantity)  # what was there has just been ordered


def move(source: UUID, target: UUID) -> None:
    """Put what is in one visitor's cart into another's; what that one has no room for stays."""
    with transaction.atomic():
        # In the order of the books, as at the checkout: otherwise two could wait for each other.
        moved = CartItem.objects.select_for_update().filter(visitor=source).order_by("book_id")
        for item in list(moved):
            with suppress(ValidationError):
                add(target, item.book_id, item.quantity)
                item.delete()
