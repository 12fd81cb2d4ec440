"""The reviews' part of the API."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.queries import LATEST, of_book
from reviews.serializers import ReviewLine
from shop.pagination import keyset


class BookReviews(APIView):
    """All reviews of a book, newest first, a page at a time."""

    def get(self, request: Request, id: int) -> Response:
        after = request.query_params.get("after", "")
        rows, following = keyset(of_book(id), ["-created", "-id"], LATEST, after)
        return Response({"results": ReviewLine(rows, many=True).data, "next": following})
