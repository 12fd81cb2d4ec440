from django.urls import path

from recommendations import views

urlpatterns = [path("home/", views.Home.as_view())]
