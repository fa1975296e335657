"""A person's own password."""

from django.contrib.auth.models import AbstractBaseUser

from tenants.callers import Caller
from tenants.models import RefreshToken
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services.refresh_tokens import revoke_refresh_tokens


def change_password(caller: Caller, user: AbstractBaseUser, password: str) -> None:
    """Set it, and end what was had for the old one: sessions at their next request, and refresh tokens of every tenant."""
    with tenant_tx(caller.tenant_id):
        user.set_password(password)
        user.save(update_fields=["password"])
        revoke_refresh_tokens(RefreshToken.objects.filter(user_id=user.pk))
        record(caller, Action.CHANGE_PASSWORD)
