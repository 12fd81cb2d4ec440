"""Accounts and sessions in the API."""

from django.contrib.auth import authenticate, logout
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import Session
from accounts.serializers import Credentials, Registration
from accounts.service import account, enter, register
from orders.models import Customer
from shop.visitors import browser_of, forget


class Account(APIView):
    def post(self, request: Request) -> Response:
        """Register, and be logged in at once."""
        details = Registration(data=request.data)
        details.is_valid(raise_exception=True)
        user = register(details.validated_data, browser_of(request))
        return Response(enter(request._request, user), status=status.HTTP_201_CREATED)


class Sessions(APIView):
    authentication_classes = [Session]

    def perform_authentication(self, request: Request) -> None:
        """Only GET asks who is there."""

    def get(self, request: Request) -> Response:
        """Who is logged in."""
        if request.user is None:
            return Response({"account": None})
        customer = Customer.objects.filter(user=request.user).first()
        return Response({"account": account(request.user, customer)})

    def post(self, request: Request) -> Response:
        """Log in."""
        given = Credentials(data=request.data)
        given.is_valid(raise_exception=True)
        email, password = given.validated_data["email"], given.validated_data["password"]
        user = authenticate(request._request, username=email, password=password)
        if user is None:
            raise AuthenticationFailed("The address or the password is wrong.")
        return Response(enter(request._request, user))

    def delete(self, request: Request) -> Response:
        """Log out."""
        response = Response(status=status.HTTP_204_NO_CONTENT)
        forget(request, response)
        logout(request._request)
        return response
