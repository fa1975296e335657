"""Logging in, and choosing the tenant that pages show."""

from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tenants.pages.forms import LogInForm
from tenants.services.memberships import memberships_of


class LogInView(LoginView):
    template_name = "tenants/login.html"
    form_class = LogInForm
    redirect_authenticated_user = True


@require_POST
def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Keep one of the person's own tenants in the session; any other does not exist for them."""
    if not request.user.is_authenticated:
        return redirect("login")
    chosen = request.POST.get("tenant", "")
    if chosen not in {str(membership.tenant_id) for membership in memberships_of(request.user.pk)}:
        raise Http404
    request.session["tenant"] = chosen
    return redirect("overview")
