"""Which customer is behind a visitor."""

from uuid import UUID

from orders.models import Customer


def customer_of(visitor: UUID | None) -> int | None:
    """The customer's id, None for strangers."""
    if visitor is None:
        return None
    return Customer.objects.filter(visitor=visitor).values_list("id", flat=True).first()


def city_of(visitor: UUID | None) -> str | None:
    """Where the visitor's customer lives, None for strangers."""
    if visitor is None:
        return None
    return Customer.objects.filter(visitor=visitor).values_list("city", flat=True).first()


def address_of(visitor: UUID) -> dict[str, str]:
    """Where the visitor's customer has things sent; {} for strangers."""
    known = Customer.objects.filter(visitor=visitor).values("name", "email", "city")
    return known.first() or {}
