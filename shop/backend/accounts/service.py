"""Registering, entering and leaving."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth import login
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from rest_framework.exceptions import APIException

from orders.cart import move
from orders.models import Customer
from shop.visitors import OWN, browser_of

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Taken(APIException):
    status_code = 409
    default_detail = "There is an account with this address."
    default_code = "taken"


def register(details: dict[str, Any], browser: UUID | None) -> User:
    """Make an account; raises Taken. What the browser's visitor ordered before is the account's."""
    # Hashed before the transaction: it takes a while, and nobody should wait for it.
    email, password = details["email"], make_password(details["password"])
    address = {"name": details["name"], "email": email, "city": details["city"]}
    try:
        with transaction.atomic():
            user = User.objects.create(username=email, email=email, password=password)
            _become_customer(user, address, browser)
    except IntegrityError as error:
        raise Taken from error
    return user


def _become_customer(user: User, address: dict[str, Any], browser: UUID | None) -> None:
    known = Customer.objects.filter(visitor=browser).first() if browser else None
    if known and known.user_id is None:
        Customer.objects.filter(id=known.id).update(user=user, **address)
    else:
        visitor = uuid4() if known or browser is None else browser
        Customer.objects.create(visitor=visitor, user=user, **address)


def enter(request: HttpRequest, user: User) -> dict[str, Any]:
    """Begin the account's session, with the cart that was filled before; the account."""
    login(request, user, BACKEND)
    customer = Customer.objects.filter(user=user).first()
    if customer:
        request.session[OWN] = str(customer.visitor)
        browser = browser_of(request)
        if browser and browser != customer.visitor and not _of_somebody(browser):
            move(browser, customer.visitor)
    return account(user, customer)


def _of_somebody(browser: UUID) -> bool:
    """Whether the browser is another account's, whose cart is not ours to take."""
    return Customer.objects.filter(visitor=browser, user__isnull=False).exists()


def account(user: User, customer: Customer | None) -> dict[str, Any]:
    """An account as the API gives it; staff need not be customers."""
    return {
        "name": customer.name if customer else user.get_full_name() or user.email,
        "email": user.email,
        "city": customer.city if customer else "",
        "staff": user.is_staff,
    }
