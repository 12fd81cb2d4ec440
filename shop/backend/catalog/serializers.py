"""How books look in the API."""

from rest_framework import serializers

from catalog.models import Book, Genre


class BookCard(serializers.ModelSerializer):
    """A book in a list."""

    authors = serializers.SerializerMethodField()
    rating = serializers.FloatField()
    reviews = serializers.IntegerField(source="review_count")
    cover = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = ["id", "title", "authors", "price_cents", "rating", "reviews", "cover"]

    def get_authors(self, book: Book) -> list[str]:
        return [author.name for author in book.authors.all()]

    def get_cover(self, book: Book) -> dict[str, int]:
        """What the front end draws the cover from: a hue and a pattern."""
        return {"hue": book.id * 47 % 360, "pattern": book.id % 6}


class SimilarCard(BookCard):
    """A book beside another one, with what was last said about it."""

    opinion = serializers.CharField()

    class Meta(BookCard.Meta):
        fields = [*BookCard.Meta.fields, "opinion"]


class BookPage(BookCard):
    """A book on its own page."""

    genre = serializers.SerializerMethodField()

    class Meta(BookCard.Meta):
        fields = [
            *BookCard.Meta.fields, "description", "published", "weight_g", "stock", "genre",
        ]  # fmt: skip

    def get_genre(self, book: Book) -> dict[str, str]:
        return {"slug": book.genre.slug, "name": book.genre.name}


class GenreLine(serializers.ModelSerializer):
    books = serializers.IntegerField(source="count")

    class Meta:
        model = Genre
        fields = ["slug", "name", "books"]
