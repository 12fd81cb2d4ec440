"""What the staff sees of orders."""

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import Session
from orders.models import Order
from orders.queries import with_lines
from orders.serializers import StaffRow
from shop.pagination import keyset

PAGE = 50


class Orders(APIView):
    """All orders, newest first, a page at a time; only those (not) confirmed, if asked."""

    authentication_classes = [Session]
    permission_classes = [IsAdminUser]

    def get(self, request: Request) -> Response:
        orders = _chosen(request.query_params.get("confirmed", ""))
        after = request.query_params.get("after", "")
        rows, following = keyset(orders, ["-created", "-id"], PAGE, after)
        return Response({"results": StaffRow(rows, many=True).data, "next": following})


def _chosen(confirmed: str) -> QuerySet[Order]:
    orders = with_lines()
    if confirmed in ("0", "1"):
        return orders.filter(confirmed__isnull=confirmed == "0")
    if confirmed:
        raise ValidationError({"confirmed": "Choose 1 or 0."})
    return orders
