"""The home page."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.queries import by_ids, top
from catalog.serializers import BookCard
from orders.customers import customer_of
from recommendations.because import last_read
from recommendations.service import for_customer, similar
from shop.visitors import visitor_of


class Home(APIView):
    """Recommended, popular and new books; to strangers the popular ones are recommended.

    ``source`` says which model recommends, and since when; null of the popular ones. ``known``
    visitors are customers.
    """

    def get(self, request: Request) -> Response:
        customer = customer_of(visitor_of(request))
        chosen = for_customer(customer) if customer else None
        books = by_ids(chosen["books"]) if chosen else []
        return Response(
            {
                "recommended": BookCard(books, many=True).data if books else top("popular"),
                "source": chosen["source"] if chosen and books else None,
                "known": customer is not None,
                "popular": top("popular"),
                "new": top("newest"),
                "because": because(customer) if customer else None,
            }
        )


def because(customer: int) -> dict[str, Any] | None:
    """The book that a customer read last, and others like it; all cards in one query."""
    read = last_read(customer)
    others = similar(read) if read else []
    first, *rest = by_ids([read, *others]) if others else [None]
    if first is None or first.id != read or not rest:
        return None
    return {"book": BookCard(first).data, "books": BookCard(rest, many=True).data}
