"""The reviews' part of the API."""

from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import Session, customer_or_403
from catalog.models import Book
from reviews.queries import LATEST, of_book
from reviews.serializers import Opinion, ReviewLine
from reviews.writing import write
from shop.pagination import keyset


class BookReviews(APIView):
    """All reviews of a book, newest first, a page at a time."""

    authentication_classes = [Session]

    def perform_authentication(self, request: Request) -> None:
        """Only who writes is asked who they are."""

    def get(self, request: Request, id: int) -> Response:
        after = request.query_params.get("after", "")
        rows, following = keyset(of_book(id), ["-created", "-id"], LATEST, after)
        if not rows:
            get_object_or_404(Book.objects.only("id"), id=id)
        return Response({"results": ReviewLine(rows, many=True).data, "next": following})

    def post(self, request: Request, id: int) -> Response:
        """Say something of a book, once."""
        customer = customer_or_403(request)
        book = get_object_or_404(Book.objects.only("id"), id=id)
        said = Opinion(data=request.data)
        said.is_valid(raise_exception=True)
        review = write(customer, book.id, **said.validated_data)
        return Response(ReviewLine(review).data, status=status.HTTP_201_CREATED)
