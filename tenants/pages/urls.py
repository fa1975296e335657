from django.contrib.auth.views import LogoutView
from django.urls import path

from tenants.pages import views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("login/", views.SignInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
