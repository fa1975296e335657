"""Turning a request's credentials into a ``Caller``."""

from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from tenants.callers import Actor, Caller
from tenants.errors import InvalidToken
from tenants.services.memberships import chosen_membership, memberships_of
from tenants.tenant_tokens import read_tenant_token, signing_key_id
from tenants.tokens import read_access

BEARER = b"bearer"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access token>``, ours or one that a tenant signed with its registered key.

    Ours cost no query here: what a token may still touch is asked when a space is opened.
    """

    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace").split()
        if not header:
            return None
        if header[0].lower() != BEARER:
            raise InvalidToken(
                f"The Authorization header is of type {header[0].decode('latin-1')[:20]!r}; allowed: Bearer."
            )
        if len(header) != 2:
            raise InvalidToken("The Authorization header is malformed; allowed: Bearer followed by one token.")
        token = header[1].decode("latin-1")
        kid = signing_key_id(token)
        access = read_access(token) if kid is None else read_tenant_token(token, kid)
        origin = request._request.origin  # type: ignore[attr-defined]
        return Caller(access.tenant_id, access.actor, access.spaces, origin, access.whole), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="engram"'


class MemberAuthentication(SessionAuthentication):
    """A member logged in to the dashboard, in the browsable API; cross-site requests are refused as Django's are."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        caller = member_caller(request._request)
        if caller is None:
            return None
        self.enforce_csrf(request)
        return caller, None


def member_caller(request: HttpRequest) -> Caller | None:
    """The logged-in person as a member of the tenant chosen in the session, or of their first; ``None`` if of none."""
    if not request.user.is_authenticated:
        return None
    membership = chosen_membership(memberships_of(request.user.pk), request.session.get("tenant"))
    if membership is None:
        return None
    actor = Actor("member", str(request.user.pk), request.user.get_username())
    return Caller(membership.tenant_id, actor, None, request.origin, whole=True)  # type: ignore[attr-defined]
