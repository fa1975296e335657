"""A person's own password."""

from django.contrib.auth.models import AbstractBaseUser

from tenants.callers import Caller
from tenants.models import RefreshToken
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.refresh_tokens import revoke_refresh_tokens


class RefreshTokensEnd:
    """Allows every password: Django tells its validators of each new one, by whatever page or command it came."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Any will do."""

    def get_help_text(self) -> str:
        return "With a new password the sessions and tokens end that were had for the old one."

    def password_changed(self, password: str, user: AbstractBaseUser) -> None:
        revoke_refresh_tokens(RefreshToken.objects.filter(user_id=user.pk))


def change_password(caller: Caller, user: AbstractBaseUser, password: str) -> None:
    """Set it; sessions end at their next request, and refresh tokens of every tenant at once."""
    with tenant_tx(caller.tenant_id):
        user.set_password(password)
        user.save(update_fields=["password"])
        record(caller, Action.CHANGE_PASSWORD)
