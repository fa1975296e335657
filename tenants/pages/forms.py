"""The forms of the login pages, the dashboard's and the operators', and of a person's own password."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import HttpRequest

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


class ChangePasswordForm(PasswordChangeForm):
    """Django's form, at whose old password nobody guesses faster than at the login."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        # Django's own is a list, which does not fit into the line below a field.
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())

    def clean_old_password(self) -> str:
        given: str = self.cleaned_data["old_password"]
        name = self.user.get_username()
        try:
            user = authenticate(self.request, username=name, password=given)
        except Limited as refusal:
            login_limited(self.request, name)
            raise ValidationError(str(refusal.detail), code=refusal.problems()[0].code) from refusal
        if user is None:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return given
