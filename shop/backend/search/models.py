"""What a book is about, as a vector of unit length; the version says which model made it."""

from django.db import models


class Vector(models.Model):
    book = models.OneToOneField("catalog.Book", models.CASCADE, primary_key=True, related_name="+")
    version = models.CharField(max_length=80)
    # float32, little-endian; all vectors of one version have the same length.
    vector = models.BinaryField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.version} of book {self.book_id}"


class BookVector(Vector):
    """The vectors that searches use: at any moment all of one version."""


class NextVector(Vector):
    """Vectors of another version, gathered until there is one for every book."""
