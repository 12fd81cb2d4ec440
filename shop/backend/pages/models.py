"""What browsers measure of the shop's pages."""

from django.db import models
from django.utils import timezone


class Vital(models.Model):
    """One web vital of one visit to a page: milliseconds, or a score for CLS."""

    page = models.CharField(max_length=100)
    name = models.CharField(max_length=4)
    value = models.FloatField()
    session = models.CharField(max_length=64)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["created"], name="vital_created")]

    def __str__(self) -> str:
        return f"{self.name} {self.value} of {self.page}"
