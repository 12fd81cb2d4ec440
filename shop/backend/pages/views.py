"""Taking what browsers measured."""

import math

from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pages.models import Vital

NAMES = ("LCP", "CLS", "INP", "TTFB", "FCP")
MOST = 20
LONGEST = 600_000.0
"""Milliseconds; whatever takes longer was a laptop asleep."""


class Line(serializers.Serializer):
    page = serializers.CharField(max_length=100)
    name = serializers.ChoiceField(NAMES)
    value = serializers.FloatField(min_value=0, max_value=LONGEST)
    id = serializers.CharField(max_length=64)

    def validate_value(self, value: float) -> float:
        if not math.isfinite(value):
            raise serializers.ValidationError("A number is wanted.")
        return value


class Vitals(APIView):
    def post(self, request: Request) -> Response:
        """One measurement or a list of them."""
        given = request.data if isinstance(request.data, list) else [request.data]
        if not 1 <= len(given) <= MOST:
            raise ValidationError({"detail": f"1 to {MOST} measurements are taken at once."})
        lines = Line(data=given, many=True)
        lines.is_valid(raise_exception=True)
        Vital.objects.bulk_create(
            Vital(page=line["page"], name=line["name"], value=line["value"], session=line["id"])
            for line in lines.validated_data
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
