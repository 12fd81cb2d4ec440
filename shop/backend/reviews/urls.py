from django.urls import path

from reviews import views

urlpatterns = [path("books/<int:id>/reviews/", views.BookReviews.as_view())]
