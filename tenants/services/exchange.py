"""Exchanging a key or a login for tokens, refreshing and revoking them."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone

from tenants import tokens
from tenants.callers import Actor, Caller, Origin
from tenants.errors import EngramError, InvalidCredentials, InvalidToken, NotCovered, Refused, TooManySpaces
from tenants.models import Membership, RefreshToken, Space
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tenants.services import limiter
from tenants.services.access import held_permissions, live_spaces
from tenants.services.keys import verify_key
from tenants.services.refresh_tokens import revoke_refresh_tokens

Spaces = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class TokenPair:
    """``expires_in`` is the access token's remaining life in seconds."""

    access: str
    refresh: str
    expires_in: int
    spaces: Spaces


def exchange_key(origin: Origin, api_key: str, wanted: Spaces | None) -> TokenPair:
    """Exchange an API key for a token to ``wanted`` spaces and permissions, or to all that it names."""
    key = verify_key(api_key)
    return _issue(Caller(key.tenant_id, Actor("key", str(key.id), key.name), None, origin), wanted)


def exchange_login(
    origin: Origin, username: str, password: str, tenant_slug: str | None, wanted: Spaces | None
) -> TokenPair:
    """Exchange a member's name and password for a token in the named tenant, or in their first.

    Raises ``InvalidCredentials``, and ``Limited`` after too many of those.
    """
    user = authenticate(None, username=username, password=password, origin=origin)
    if user is None:
        raise InvalidCredentials("The username or password is not right.")
    memberships = Membership.objects.filter(user_id=user.pk)
    if tenant_slug is not None:
        memberships = memberships.filter(tenant__slug=tenant_slug)
    membership = memberships.order_by("pk").first()
    if membership is None:
        raise InvalidCredentials("The username or password is not right.")
    actor = Actor("member", str(user.pk), user.get_username())
    return _issue(Caller(membership.tenant_id, actor, None, origin, whole=wanted is None), wanted)


def refresh(origin: Origin, refresh_token: str) -> TokenPair:
    """Exchange a refresh token for the next pair. One that was used before revokes its whole family: somebody copied it."""
    jti = tokens.read_refresh(refresh_token)
    link = RefreshToken.objects.select_related("key", "user").filter(id=jti).first()
    if link is None:
        raise InvalidToken
    now = timezone.now()
    wanted = {name: frozenset(permissions) for name, permissions in link.spaces.items()}
    caller = Caller(link.tenant_id, _actor_of(link), wanted, origin, link.whole)
    unused = RefreshToken.objects.filter(id=jti, used_at=None, revoked_at=None, expires_at__gt=now)
    with _refused_as(caller):
        limiter.spend_of_tenant(caller.tenant_id)
        # What is refused here has not used the token up: a tenant let in again goes on with it.
        with transaction.atomic():
            if unused.update(used_at=now):
                return _sign(caller, _live(caller, archived=False), wanted, link.family, Action.REFRESH_TOKEN)
        revoke_refresh_tokens(RefreshToken.objects.filter(family=link.family))
        raise InvalidToken("The refresh token is not valid, has expired or has been used before.")


def revoke(origin: Origin, refresh_token: str) -> None:
    """End a refresh token's family. Access tokens already out end by themselves within their few minutes."""
    jti = tokens.read_refresh(refresh_token)
    link = RefreshToken.objects.select_related("key", "user").filter(id=jti).first()
    if link is None:
        raise InvalidToken
    caller = Caller(link.tenant_id, _actor_of(link), {}, origin)
    with _refused_as(caller):
        limiter.spend_of_tenant(caller.tenant_id)
    with tenant_tx(link.tenant_id):
        revoke_refresh_tokens(RefreshToken.objects.filter(family=link.family))
        record(caller, Action.REVOKE_TOKEN)


def _issue(caller: Caller, wanted: Spaces | None) -> TokenPair:
    with _refused_as(caller):
        limiter.spend_of_tenant(caller.tenant_id)
        spaces = _chosen(_live(caller, archived=wanted is not None), wanted)
    return _sign(caller, spaces, spaces, uuid.uuid4(), Action.ISSUE_TOKEN)


def _sign(caller: Caller, spaces: Spaces, kept: Spaces, family: UUID, action: Action) -> TokenPair:
    """A pair for ``spaces``. The refresh token keeps asking for all of ``kept``: what is closed now may open again."""
    jti = uuid.uuid4()
    with tenant_tx(caller.tenant_id):
        RefreshToken.objects.create(
            id=jti,
            family=family,
            tenant_id=caller.tenant_id,
            key_id=caller.actor.id if caller.actor.kind == "key" else None,
            user_id=caller.actor.id if caller.actor.kind == "member" else None,
            spaces={name: sorted(permissions) for name, permissions in kept.items()},
            whole=caller.whole,
            expires_at=timezone.now() + settings.TOKEN_REFRESH_LIFETIME,
        )
        record(caller, action)
    return TokenPair(
        access=tokens.sign_access(caller.tenant_id, caller.actor, spaces, whole=caller.whole),
        refresh=tokens.sign_refresh(jti),
        expires_in=int(settings.TOKEN_ACCESS_LIFETIME.total_seconds()),
        spaces=spaces,
    )


def _live(caller: Caller, *, archived: bool) -> Spaces:
    """What is live; archived spaces only for whoever names them, to see them and let them return."""
    statuses = {Space.Status.ACTIVE.value} | ({Space.Status.ARCHIVED.value} if archived else set())
    return {space.name: held_permissions(caller, space) for space in live_spaces(caller) if space.status in statuses}


def _chosen(live: Spaces, wanted: Spaces | None) -> Spaces:
    spaces = live if wanted is None else {name: _narrowed(name, wanted[name], live) for name in wanted}
    most = settings.TOKEN_MAX_SPACES
    if len(spaces) > most:
        raise TooManySpaces(
            f"This would name {len(spaces)} spaces; a token names at most {most}. Narrow it with 'spaces'."
        )
    return spaces


def _narrowed(name: str, permissions: frozenset[str], live: Spaces) -> frozenset[str]:
    if name not in live:
        raise NotCovered(f"'spaces' names {name!r}, which these credentials do not cover.", attr="spaces")
    if permissions - live[name]:
        allowed = ", ".join(sorted(live[name]))
        asked = ", ".join(sorted(permissions))
        raise Refused(f"'spaces' asks for {asked} on {name!r}; these credentials hold {allowed}.", attr="spaces")
    return permissions


@contextmanager
def _refused_as(caller: Caller) -> Iterator[None]:
    """Such a request comes without a token, but whose credentials it holds is known: what is refused was refused to them."""
    try:
        yield
    except EngramError as error:
        error.caller = caller
        raise


def _actor_of(link: RefreshToken) -> Actor:
    if link.user is not None:
        return Actor("member", str(link.user.pk), link.user.get_username())
    name = link.key.name if link.key is not None else ""
    return Actor("key", str(link.key_id), name)
