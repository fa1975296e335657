from django.contrib.auth.views import LogoutView
from django.urls import path

from tenants.pages import views

urlpatterns = [
    path("login/", views.LogInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("tenant/", views.choose_tenant, name="choose-tenant"),
]
