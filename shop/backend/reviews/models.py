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

    class Meta:
        indexes = [models.Index(fields=["book", "-created", "-id"], name="review_book_newest")]

    def __str__(self) -> str:
        return f"{self.rating}/5 for book {self.book_id}"
