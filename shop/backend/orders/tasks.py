"""Work that no customer has to wait for."""

from datetime import timedelta

from celery import shared_task
from django.core.mail import send_mail
from django.utils import timezone

from orders.models import Order

LATE = timedelta(minutes=2)
BATCH = 100


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


@shared_task
def confirm_late() -> None:
    """Queue the confirmations that were not queued when their orders were placed."""
    late = Order.objects.filter(confirmed=None, created__lt=timezone.now() - LATE)
    for order_id in late.order_by("-created", "-id").values_list("id", flat=True)[:BATCH]:
        confirm.delay(order_id)
