"""The cart of a visitor."""

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
    if not created:
        room = CartItem.objects.filter(id=item.id, quantity__lte=MOST - quantity)
        if not room.update(quantity=F("quantity") + quantity):
            raise ValidationError({"quantity": f"A cart holds {MOST} copies of a book at most."})
    elif CartItem.objects.filter(visitor=visitor).count() > LIMIT:
        item.delete()
        raise ValidationError({"cart": f"A cart holds {LIMIT} different books at most."})


def move(source: UUID, target: UUID) -> None:
    """Put what is in one visitor's cart into another's, as far as that one has room."""
    with transaction.atomic():
        moved = list(CartItem.objects.select_for_update().filter(visitor=source).order_by("id"))
        held = {item.book_id: item for item in CartItem.objects.filter(visitor=target)}
        for item in moved:
            if (same := held.get(item.book_id)) is not None:
                quantity = min(same.quantity + item.quantity, MOST)
                CartItem.objects.filter(id=same.id).update(quantity=quantity)
                item.delete()
            elif len(held) < LIMIT:
                held[item.book_id] = item
                CartItem.objects.filter(id=item.id).update(visitor=target)
