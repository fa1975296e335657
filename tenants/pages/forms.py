"""The forms of the login pages, the dashboard's and the operators'."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from tenants.errors import Limited
from tenants.pages.logins import login_limited


class LogInForm(AuthenticationForm):
    """Django's form, which also says when too many attempts went wrong."""

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except Limited as refusal:
            login_limited(self.request, self.cleaned_data.get("username"))
            raise ValidationError(str(refusal.detail), code=refusal.problems()[0].code) from refusal


class AdminLogInForm(LogInForm, AdminAuthenticationForm):
    """The same for operators."""
