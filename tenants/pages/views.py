"""The tenant's dashboard."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class SignInView(LoginView):
    template_name = "tenants/login.html"
    redirect_authenticated_user = True


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "tenants/overview.html")
