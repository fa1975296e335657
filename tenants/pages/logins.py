"""A row in the audit trail for every log-in, log-out and failed log-in, here and in the operators' admin."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from tenants.callers import ANONYMOUS, INSTALLATION, Actor, ActorKind, Caller, Origin
from tenants.models import Membership
from tenants.operations import Action, Outcome, record
from tenants.scope import tenant_tx
from tenants.services.memberships import chosen_membership, memberships_of


def connect() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="engram.log_in")
    user_logged_out.connect(_logged_out, dispatch_uid="engram.log_out")
    user_login_failed.connect(_login_failed, dispatch_uid="engram.login_failed")


def _logged_in(request: HttpRequest, user: AbstractUser, **_: Any) -> None:
    caller = person_caller(request, user)
    with tenant_tx(caller.tenant_id):
        record(caller, Action.LOG_IN)


def _logged_out(request: HttpRequest, user: AbstractUser | None, **_: Any) -> None:
    if user is None:
        return
    caller = person_caller(request, user)
    with tenant_tx(caller.tenant_id):
        record(caller, Action.LOG_OUT)


def _login_failed(credentials: dict[str, Any], request: HttpRequest | None, **_: Any) -> None:
    if request is None:
        # The API's own exchange, which records its refusals.
        return
    _refused(request, credentials.get("username"), "denied", "wrong name or password")


def login_limited(request: HttpRequest | None, username: str | None) -> None:
    """Note an attempt that was refused unheard, because too many before it went wrong."""
    _refused(request, username, "limited", "429 login_limited")


def _refused(request: HttpRequest | None, username: str | None, outcome: Outcome, reason: str) -> None:
    # A name that nobody has is not written down: people type their password there.
    membership = Membership.objects.filter(user__username=username).order_by("pk").first()
    tenant_id, name = (membership.tenant_id, username or "") if membership else (INSTALLATION, "")
    with tenant_tx(tenant_id):
        record(
            Caller(tenant_id, ANONYMOUS, {}, _origin(request)),
            Action.LOG_IN,
            outcome=outcome,
            target=name,
            reason=reason,
        )


def person_caller(request: HttpRequest, user: AbstractUser) -> Caller:
    """The person in the tenant that their pages show; filed under the installation if they are of none."""
    current = chosen_membership(memberships_of(user.pk), request.session.get("tenant"))
    kind: ActorKind = "member" if current or not user.is_staff else "operator"
    actor = Actor(kind, str(user.pk), user.get_username())
    return Caller(current.tenant_id if current else INSTALLATION, actor, None, _origin(request))


def _origin(request: HttpRequest | None) -> Origin:
    # A log-in made by code, not over HTTP, has passed no middleware.
    return getattr(request, "origin", None) or Origin()
