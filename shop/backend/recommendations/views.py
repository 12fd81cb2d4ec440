"""The home page."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.queries import by_ids, top
from catalog.serializers import BookCard
from orders.customers import customer_of
from recommendations.service import for_customer
from shop.visitors import visitor_of


class Home(APIView):
    """Recommended, popular and new books; to strangers the popular ones are recommended."""

    def get(self, request: Request) -> Response:
        customer = customer_of(visitor_of(request))
        books = by_ids(for_customer(customer)) if customer else []
        recommended = BookCard(books, many=True).data if books else top("popular")
        return Response(
            {"recommended": recommended, "popular": top("popular"), "new": top("newest")}
        )
