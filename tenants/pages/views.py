"""Logging in, changing one's password, and choosing the tenant that pages show."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from tenants.pages.forms import ChangePasswordForm, LogInForm
from tenants.pages.logins import person_caller
from tenants.services.memberships import memberships_of
from tenants.services.passwords import change_password


class LogInView(LoginView):
    template_name = "tenants/login.html"
    form_class = LogInForm
    redirect_authenticated_user = True


@method_decorator(never_cache, name="dispatch")
class ChangePasswordView(PasswordChangeView):
    template_name = "tenants/password.html"
    form_class = ChangePasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        change_password(person_caller(self.request, form.user), form.user, form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, form.user)
        messages.success(self.request, "Your password is changed. You are logged out everywhere else.")
        return redirect("overview")


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
