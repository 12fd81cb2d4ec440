from django.urls import path

from accounts import views

urlpatterns = [
    path("account/", views.Account.as_view()),
    path("session/", views.Sessions.as_view()),
]
