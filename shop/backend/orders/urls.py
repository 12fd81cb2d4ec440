from django.urls import path

from orders import staff, views

urlpatterns = [
    path("cart/", views.Cart.as_view()),
    path("cart/items/", views.CartItems.as_view()),
    path("cart/items/<int:id>/", views.CartItemDetail.as_view()),
    path("checkout/", views.Checkout.as_view()),
    path("orders/", views.Orders.as_view()),
    path("orders/<int:id>/", views.OrderDetail.as_view()),
    path("admin/orders/", staff.Orders.as_view()),
]
