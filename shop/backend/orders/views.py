"""Cart, checkout and orders in the API."""

from django.db.models import F
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import Book
from orders.cart import LIMIT, summary
from orders.checkout import checkout
from orders.models import CartItem, Order
from orders.serializers import Address, AddToCart, OrderPage, Quantity
from shop.visitors import known_visitor, remember, visitor_of


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
        quantity = wanted.validated_data["quantity"]
        item, created = CartItem.objects.get_or_create(
            visitor=visitor, book=book, defaults={"quantity": quantity}
        )
        if not created:
            CartItem.objects.filter(id=item.id).update(quantity=F("quantity") + quantity)
        elif CartItem.objects.filter(visitor=visitor).count() > LIMIT:
            item.delete()
            raise ValidationError({"cart": f"A cart holds {LIMIT} different books at most."})
        response = Response(summary(visitor), status=status.HTTP_201_CREATED)
        remember(response, visitor)
        return response


class CartItemDetail(APIView):
    def patch(self, request: Request, id: int) -> Response:
        """Set how many copies of a book the cart holds."""
        wanted = Quantity(data=request.data)
        wanted.is_valid(raise_exception=True)
        visitor = visitor_of(request)
        items = CartItem.objects.filter(visitor=visitor, book_id=id)
        if not items.update(quantity=wanted.validated_data["quantity"]):
            raise Http404
        return Response(summary(visitor))

    def delete(self, request: Request, id: int) -> Response:
        """Take a book out of the cart."""
        visitor = visitor_of(request)
        item = get_object_or_404(CartItem, visitor=visitor, book_id=id)
        item.delete()
        return Response(summary(visitor))


class Checkout(APIView):
    def post(self, request: Request) -> Response:
        address = Address(data=request.data)
        address.is_valid(raise_exception=True)
        visitor = visitor_of(request)
        if visitor is None:
            raise ValidationError({"cart": "The cart is empty."})
        order = checkout(visitor, address.validated_data)
        return Response(order, status=status.HTTP_201_CREATED)


class OrderDetail(APIView):
    def get(self, request: Request, id: int) -> Response:
        """An order, to the visitor who placed it alone."""
        orders = Order.objects.prefetch_related("lines__book")
        order = get_object_or_404(orders, id=id, visitor=visitor_of(request))
        return Response(OrderPage(order).data)
