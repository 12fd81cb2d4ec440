"""From a cart to an order."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from rest_framework.exceptions import APIException, ValidationError

from catalog.models import Book
from orders.delivery import predict
from orders.models import CartItem, Customer, Order, OrderLine
from orders.tasks import confirm
from recommendations.because import forget


class SoldOut(APIException):
    status_code = 409
    default_detail = "Not enough copies are left."
    default_code = "sold_out"


def checkout(visitor: UUID, address: dict[str, Any]) -> dict[str, Any]:
    """Place the order of a visitor's cart.

    Raises ValidationError for an empty cart, SoldOut when a book has run out; nothing is changed
    then. The delivery is predicted before the transaction: no lock waits for the AI service.
    """
    books = list(Book.objects.defer("document").filter(id__in=_books_of(visitor)))
    if not books:
        raise ValidationError({"cart": "The cart is empty."})
    delivery = predict(books, address["city"])
    with transaction.atomic():
        order = _place(visitor, address, delivery)
        transaction.on_commit(lambda: forget(order.customer_id), robust=True)
        # Without a queue the order stands all the same: confirm_late sees to its mail.
        transaction.on_commit(lambda: confirm.delay(order.id), robust=True)
    return {"id": order.id, "total_cents": order.total_cents, "delivery": delivery}


def _books_of(visitor: UUID) -> Any:
    return CartItem.objects.filter(visitor=visitor).values("book_id")


def _place(visitor: UUID, address: dict[str, Any], delivery: dict[str, Any] | None) -> Order:
    customer, _ = Customer.objects.get_or_create(visitor=visitor, defaults=address)
    # The rows of the cart are locked, so that a second click finds it empty.
    cart = CartItem.objects.select_for_update(of=("self",)).filter(visitor=visitor)
    items = list(cart.select_related("book").defer("book__document").order_by("book_id"))
    if not items:
        raise ValidationError({"cart": "The cart is empty."})
    for item in items:
        left = Book.objects.filter(id=item.book_id, stock__gte=item.quantity)
        if not left.update(stock=F("stock") - item.quantity, sold=F("sold") + item.quantity):
            raise SoldOut(f"Not enough copies of “{item.book.title}” are left.")
    order = Order.objects.create(
        visitor=visitor,
        customer=customer,
        total_cents=sum(item.quantity * item.book.price_cents for item in items),
        delivery_hours=delivery and delivery["hours"],
        **address,
    )
    lines = [
        OrderLine(
            order=order,
            book_id=item.book_id,
            quantity=item.quantity,
            price_cents=item.book.price_cents,
        )
        for item in items
    ]
    OrderLine.objects.bulk_create(lines)
    CartItem.objects.filter(id__in=[item.id for item in items]).delete()
    return order
