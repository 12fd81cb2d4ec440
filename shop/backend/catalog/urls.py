from django.urls import path

from catalog import views

urlpatterns = [
    path("genres/", views.Genres.as_view()),
    path("books/", views.Books.as_view()),
    path("books/<int:id>/", views.BookDetail.as_view()),
]
