"""What carts and orders take and give."""

from rest_framework import serializers

from catalog.serializers import BookCard
from orders.models import CartItem, Order, OrderLine


class CartLine(serializers.ModelSerializer):
    book = BookCard()

    class Meta:
        model = CartItem
        fields = ["book", "quantity"]


class AddToCart(serializers.Serializer):
    book = serializers.IntegerField(min_value=1)
    quantity = serializers.IntegerField(min_value=1, max_value=20, default=1)


class Quantity(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1, max_value=20)


class Address(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    email = serializers.EmailField()
    city = serializers.CharField(max_length=80)


class Line(serializers.ModelSerializer):
    title = serializers.CharField(source="book.title")

    class Meta:
        model = OrderLine
        fields = ["book", "title", "quantity", "price_cents"]


class OrderPage(serializers.ModelSerializer):
    lines = Line(many=True)

    class Meta:
        model = Order
        fields = [
            "id", "name", "email", "city", "total_cents", "delivery_hours", "created", "lines",
        ]  # fmt: skip


class OrderRow(serializers.ModelSerializer):
    """An order in a list."""

    lines = Line(many=True)

    class Meta:
        model = Order
        fields = ["id", "created", "total_cents", "delivery_hours", "confirmed", "lines"]


class StaffRow(OrderRow):
    """An order in the staff's list, with whom it goes to."""

    class Meta(OrderRow.Meta):
        fields = [*OrderRow.Meta.fields, "name", "email", "city"]
