from django.urls import path

from pages import views

urlpatterns = [path("vitals/", views.Vitals.as_view())]
