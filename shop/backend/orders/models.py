"""Customers, carts and orders."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Customer(models.Model):
    """Somebody who has ordered or has an account; their browser is known by its cookie."""

    visitor = models.UUIDField(unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField()
    city = models.CharField(max_length=80)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="customer"
    )

    def __str__(self) -> str:
        return self.name


class CartItem(models.Model):
    visitor = models.UUIDField()
    book = models.ForeignKey("catalog.Book", models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visitor", "book"], name="cart_visitor_book")
        ]


class Order(models.Model):
    visitor = models.UUIDField()
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    city = models.CharField(max_length=80)
    total_cents = models.PositiveIntegerField()
    delivery_hours = models.FloatField(null=True)
    created = models.DateTimeField(default=timezone.now)
    confirmed = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["visitor", "-created"], name="order_visitor_newest"),
            # The staff's list: all orders, and those that wait for their mail (few).
            models.Index(fields=["-created", "-id"], name="order_newest"),
            models.Index(
                fields=["-created", "-id"],
                condition=models.Q(confirmed=None),
                name="order_unconfirmed",
            ),
        ]


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    book = models.ForeignKey("catalog.Book", models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price_cents = models.PositiveIntegerField()
