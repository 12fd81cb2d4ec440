"""Customers, carts and orders."""

from django.db import models
from django.utils import timezone


class Customer(models.Model):
    """Somebody who has ordered; their browser is known by the ``visitor`` cookie."""

    visitor = models.UUIDField(unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField()
    city = models.CharField(max_length=80)

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
        indexes = [models.Index(fields=["visitor", "-created"], name="order_visitor_newest")]


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    book = models.ForeignKey("catalog.Book", models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price_cents = models.PositiveIntegerField()
