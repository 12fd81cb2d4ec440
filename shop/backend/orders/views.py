"""Cart, checkout and orders in the API."""

from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import Book
from orders.cart import add, summary
from orders.checkout import checkout
from orders.customers import address_of
from orders.models import CartItem
from orders.queries import with_lines
from orders.serializers import Address, AddToCart, OrderPage, OrderRow, Quantity
from shop.pagination import keyset
from shop.visitors import OWN, known_visitor, remember, visitor_of

PAGE = 20


class Cart(APIView):
    def get(self, request: Request) -> Response:
        return Response(summary(visitor_of(request)))


class CartItems(APIView):
    def post(self, request: Request) -> Response:
        """Put copies of a book into the cart."""
        wanted = AddToCart(data=request.data)
        wanted.is_valid(raise_exception=True)
        book = get_object_or_404(Book.objects.only("id"), id=wanted.validated_data["book"])
        visitor = known_visitor(request)
        add(visitor, book.id, wanted.validated_data["quantity"])
        response = Response(summary(visitor), status=status.HTTP_201_CREATED)
        remember(request, response, visitor)
        return response


class CartItemDetail(APIView):
    def patch(self, request: Request, id: int) -> Response:
        """Change how many copies of a book are in the cart."""
        wanted = Quantity(data=request.data)
        wanted.is_valid(raise_exception=True)
        visitor = visitor_of(request)
        items = CartItem.objects.filter(visitor=visitor, book_id=id)
        if not items.update(**wanted.validated_data):
            raise NotFound("This book is not in the cart.")
        return Response(summary(visitor))

    def delete(self, request: Request, id: int) -> Response:
        """Take a book out of the cart."""
        visitor = visitor_of(request)
        item = get_object_or_404(CartItem, visitor=visitor, book_id=id)
        item.delete()
        return Response(summary(visitor))


class Checkout(APIView):
    def post(self, request: Request) -> Response:
        """Order what is in the cart; what is not said of the address is the account's."""
        visitor, data = visitor_of(request), request.data
        if visitor and OWN in request.session and isinstance(data, dict):
            data = address_of(visitor) | data
        address = Address(data=data)
        address.is_valid(raise_exception=True)
        if visitor is None:
            raise ValidationError({"cart": "The cart is empty."})
        order = checkout(visitor, address.validated_data)
        return Response(order, status=status.HTTP_201_CREATED)


class Orders(APIView):
    def get(self, request: Request) -> Response:
        """The visitor's orders, newest first, a page at a time."""
        orders = with_lines().filter(visitor=visitor_of(request))
        after = request.query_params.get("after", "")
        rows, following = keyset(orders, ["-created", "-id"], PAGE, after)
        return Response({"results": OrderRow(rows, many=True).data, "next": following})


class OrderDetail(APIView):
    def get(self, request: Request, id: int) -> Response:
        """An order, to the visitor who placed it alone."""
        order = get_object_or_404(with_lines(), id=id, visitor=visitor_of(request))
        return Response(OrderPage(order).data)
