"""Work that no customer has to wait for."""

from celery import shared_task
from django.core.mail import send_mail
from django.utils import timezone

from orders.models import Order


@shared_task
def confirm(order_id: int) -> None:
    """Mail the confirmation of an order, once however often the task is delivered."""
    unconfirmed = Order.objects.filter(id=order_id, confirmed=None)
    if not unconfirmed.update(confirmed=timezone.now()):
        return
    order = Order.objects.prefetch_related("lines__book").get(id=order_id)
    lines = [f"{line.quantity} x {line.book.title}" for line in order.lines.all()]
    text = f"Dear {order.name},\n\nthank you for your order:\n" + "\n".join(lines)
    send_mail(f"Your order {order.id}", text, None, [order.email])
