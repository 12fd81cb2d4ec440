"""The orders' queries."""

from django.db.models import Prefetch, QuerySet

from orders.models import Order, OrderLine


def with_lines() -> QuerySet[Order]:
    """Orders with their lines and the titles of the books, in one further query."""
    lines = OrderLine.objects.select_related("book").order_by("id")
    titled = lines.only("order_id", "book_id", "quantity", "price_cents", "book__title")
    return Order.objects.prefetch_related(Prefetch("lines", queryset=titled))
