"""Books, their authors and genres."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models


class Genre(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Author(models.Model):
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=200)
    description = models.TextField()
    authors = models.ManyToManyField(Author, related_name="books")
    genre = models.ForeignKey(Genre, models.PROTECT, related_name="books", db_index=False)
    price_cents = models.PositiveIntegerField()
    published = models.DateField()
    weight_g = models.PositiveIntegerField()
    stock = models.PositiveIntegerField()
    # Kept by the orders and the reviews, so that no list has to count.
    sold = models.PositiveIntegerField(default=0)
    rating = models.DecimalField(max_digits=3, decimal_places=2, default=0)
    review_count = models.PositiveIntegerField(default=0)
    document = models.GeneratedField(
        expression=SearchVector("title", "description", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            # One per sort order of the list, with the id for keyset pagination.
            models.Index(fields=["-sold", "-id"], name="book_popular"),
            models.Index(fields=["-published", "-id"], name="book_newest"),
            models.Index(fields=["-rating", "-id"], name="book_rating"),
            models.Index(fields=["price_cents", "id"], name="book_price"),
            models.Index(fields=["genre", "-sold", "-id"], name="book_genre_popular"),
            models.Index(fields=["genre", "-published", "-id"], name="book_genre_newest"),
            models.Index(fields=["genre", "-rating", "-id"], name="book_genre_rating"),
            models.Index(fields=["genre", "price_cents", "id"], name="book_genre_price"),
            GinIndex(fields=["document"], name="book_document"),
        ]

    def __str__(self) -> str:
        return self.title
