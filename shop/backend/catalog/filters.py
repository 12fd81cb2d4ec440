"""What a list of books can be narrowed to."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from catalog.models import Book, Genre

DEAREST = 10_000_000
"""Cents; a price limit above this is a mistake."""


class Filters(serializers.Serializer):
    """The list's parameters; those left empty do not narrow."""

    genre = serializers.CharField(required=False, max_length=50)
    min_price = serializers.IntegerField(required=False, min_value=0, max_value=DEAREST)
    max_price = serializers.IntegerField(required=False, min_value=0, max_value=DEAREST)
    min_rating = serializers.DecimalField(
        required=False, max_digits=3, decimal_places=2, min_value=0, max_value=5
    )
    in_stock = serializers.BooleanField(required=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("min_price", 0) > values.get("max_price", DEAREST):
            raise serializers.ValidationError({"max_price": "This is less than min_price."})
        return values


def narrowed(books: QuerySet[Book], parameters: Any) -> QuerySet[Book]:
    """The books that the query's parameters leave; raises ValidationError for absurd ones."""
    given = Filters(data={name: text for name, text in parameters.items() if text})
    given.is_valid(raise_exception=True)
    wanted = given.validated_data
    if "genre" in wanted:
        # By its id: the index of each order begins with it.
        genre = Genre.objects.filter(slug=wanted["genre"]).values_list("id", flat=True).first()
        books = books.filter(genre_id=genre) if genre else books.none()
    if "min_price" in wanted:
        books = books.filter(price_cents__gte=wanted["min_price"])
    if "max_price" in wanted:
        books = books.filter(price_cents__lte=wanted["max_price"])
    if "min_rating" in wanted:
        books = books.filter(rating__gte=wanted["min_rating"])
    return books.filter(stock__gt=0) if wanted.get("in_stock") else books
