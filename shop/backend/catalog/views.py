"""The catalogue's part of the API."""

from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.filters import narrowed
from catalog.models import Book
from catalog.queries import SORTS, by_ids, cards, genres, with_opinion
from catalog.serializers import BookCard, BookPage, SimilarCard
from orders.delivery import estimate
from recommendations.service import similar
from reviews.opinions import opinions
from reviews.queries import latest
from reviews.serializers import ReviewLine
from shop.pagination import keyset
from shop.visitors import visitor_of

PAGE = 24


class Genres(APIView):
    def get(self, request: Request) -> Response:
        return Response(genres())


class Books(APIView):
    """The list: narrowed by genre and the like, in one of four orders, a page at a time."""

    def get(self, request: Request) -> Response:
        sort = request.query_params.get("sort") or "popular"
        if sort not in SORTS:
            raise ValidationError({"sort": f"Choose one of {', '.join(SORTS)}."})
        books = narrowed(cards(), request.query_params)
        rows, after = keyset(books, SORTS[sort], PAGE, request.query_params.get("after", ""))
        return Response({"results": BookCard(rows, many=True).data, "next": after})


class BookDetail(APIView):
    """One book with its reviews and what they say, similar books and the time of delivery."""

    def get(self, request: Request, id: int) -> Response:
        books = Book.objects.defer("document").select_related("genre").prefetch_related("authors")
        book = get_object_or_404(books, id=id)
        page = BookPage(book).data
        page["reviews"] = ReviewLine(latest(book.id), many=True).data
        page["review_count"] = book.review_count
        others = by_ids(similar(book.id), with_opinion())
        page["similar"] = SimilarCard(others, many=True).data
        page |= opinions(book.id)
        page["delivery"] = estimate([book], visitor_of(request))
        return Response(page)
