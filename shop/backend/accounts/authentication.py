"""Who is logged in, for the views that must know."""

from typing import Any

from django.contrib.auth import get_user
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request

from orders.models import Customer


class Session(BaseAuthentication):
    """By the session's cookie.

    There is no CSRF token: the cookies are SameSite=Lax, so another site's POST comes without
    them, and bodies must be application/json, which another site may not send unasked.
    """

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        user = get_user(request._request)
        return (user, None) if user.is_authenticated else None

    def authenticate_header(self, request: Request) -> str:
        """With it, who is not logged in gets 401; who is and may not, 403."""
        return "Session"


def customer_or_403(request: Request) -> Customer:
    """The customer who is logged in; raises NotAuthenticated or PermissionDenied."""
    if request.user is None:
        raise NotAuthenticated("Please log in.")
    customer = Customer.objects.filter(user=request.user).first()
    if customer is None:
        raise PermissionDenied("This is for customers.")
    return customer
