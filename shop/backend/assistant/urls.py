from django.urls import path

from assistant import views

urlpatterns = [path("books/<int:id>/ask/", views.Ask.as_view())]
