"""Who is asking: the visitor cookie names a browser, and perhaps a customer; an account's session
names the customer wherever they are."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponseBase

COOKIE = "visitor"
YEAR = 365 * 24 * 3600

OWN = "visitor"
"""What a session calls the visitor of its account; the session is ours, so it is believed."""


def visitor_of(request: HttpRequest) -> UUID | None:
    """The account's visitor while logged in, else the browser's; None for who has neither."""
    own = request.session.get(OWN)
    return UUID(own) if own else browser_of(request)


def browser_of(request: HttpRequest) -> UUID | None:
    """The visitor of this browser; None without a cookie, or with one that is not ours."""
    try:
        return UUID(request.COOKIES.get(COOKIE, ""))
    except ValueError:
        return None


def known_visitor(request: HttpRequest) -> UUID:
    """The visitor of this request, a new one when there is none yet."""
    return visitor_of(request) or uuid4()


def remember(request: HttpRequest, response: HttpResponseBase, visitor: UUID) -> None:
    """Set the cookie. Not while logged in: who logs out leaves nothing in the browser."""
    if OWN not in request.session:
        response.set_cookie(COOKIE, str(visitor), max_age=YEAR, httponly=True, samesite="Lax")


def forget(request: HttpRequest, response: HttpResponseBase) -> None:
    """Before a logout: take the cookie back that would still recognise the account's customer."""
    if request.session.get(OWN) == str(browser_of(request)):
        response.delete_cookie(COOKIE, samesite="Lax")
