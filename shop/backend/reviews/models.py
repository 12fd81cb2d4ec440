"""What customers think of books."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Review(models.Model):
    book = models.ForeignKey("catalog.Book", models.CASCADE, related_name="reviews", db_index=False)
    customer = models.ForeignKey("orders.Customer", models.CASCADE, related_name="reviews")
    rating = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField()
    helpful = models.PositiveIntegerField(default=0)
    created = models.DateTimeField()
    # How favourable the text sounds, 0 to 1; None until a task has read it.
    positive = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["book", "-created", "-id"], name="review_book_newest")]
        constraints = [
            models.UniqueConstraint(fields=["customer", "book"], name="review_customer_book")
        ]

    def __str__(self) -> str:
        return f"{self.rating}/5 for book {self.book_id}"


class Mood(models.Model):
    """How favourable the reviews of a book sound: their mean, kept as reviews come in."""

    book = models.OneToOneField("catalog.Book", models.CASCADE, primary_key=True)
    positive = models.FloatField()
    reviews = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.positive:.2f} for book {self.book_id}"


class Summary(models.Model):
    """What the reviews of a book say, in a few sentences; ``reviews``: how many there were."""

    book = models.OneToOneField("catalog.Book", models.CASCADE, primary_key=True)
    text = models.TextField()
    model = models.CharField(max_length=80)
    version = models.CharField(max_length=80)
    reviews = models.PositiveIntegerField()
    created = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.reviews} reviews of book {self.book_id}"
