"""How reviews look in the API."""

from rest_framework import serializers

from reviews.models import Review


class ReviewLine(serializers.ModelSerializer):
    """A review with who wrote it: name and city, no more."""

    reviewer = serializers.CharField(source="customer.name")
    city = serializers.CharField(source="customer.city")

    class Meta:
        model = Review
        fields = ["id", "rating", "text", "helpful", "created", "reviewer", "city"]


class Opinion(serializers.Serializer):
    """What somebody wants to say of a book."""

    rating = serializers.IntegerField(min_value=1, max_value=5)
    text = serializers.CharField(max_length=5000)
