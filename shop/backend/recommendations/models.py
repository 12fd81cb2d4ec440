"""What is recommended to each customer, worked out at night."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class List(models.Model):
    customer = models.OneToOneField("orders.Customer", models.CASCADE, primary_key=True)
    books = ArrayField(models.IntegerField())
    version = models.CharField(max_length=80)
    created = models.DateTimeField()

    def __str__(self) -> str:
        return f"{len(self.books)} books for customer {self.customer_id}"
