"""Who is asking: the visitor cookie names a browser, and perhaps a customer."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponseBase

COOKIE = "visitor"
YEAR = 365 * 24 * 3600


def visitor_of(request: HttpRequest) -> UUID | None:
    """The visitor of this browser; None without a cookie, or with one that is not ours."""
    try:
        return UUID(request.COOKIES.get(COOKIE, ""))
    except ValueError:
        return None


def known_visitor(request: HttpRequest) -> UUID:
    """The visitor of this browser, a new one when there is none yet."""
    return visitor_of(request) or uuid4()


def remember(response: HttpResponseBase, visitor: UUID) -> None:
    """Set the cookie."""
    response.set_cookie(COOKIE, str(visitor), max_age=YEAR, httponly=True, samesite="Lax")
