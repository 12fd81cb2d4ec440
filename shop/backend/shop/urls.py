"""All URLs: the API, the health check, and the single page for everything that people browse."""

from django.urls import include, path

from shop.pages import asset, health, page

urlpatterns = [
    path("healthz", health),
    path("api/", include("catalog.urls")),
    path("api/", include("reviews.urls")),
    path("api/", include("orders.urls")),
    path("api/", include("recommendations.urls")),
    path("api/", include("search.urls")),
    path("api/", include("accounts.urls")),
    path("api/", include("assistant.urls")),
    path("api/", include("pages.urls")),
    path("assets/<str:file>", asset),
    path("", page),
    path("books", page),
    path("books/<int:id>", page),
    path("cart", page),
    path("search", page),
    path("checkout", page),
    path("orders", page),
    path("orders/<int:id>", page),
    path("account", page),
    path("assistant", page),
]

handler404 = "shop.pages.missing"
