"""Refresh tokens that are to be good no more."""

from django.db.models import QuerySet
from django.utils import timezone

from tenants.models import RefreshToken


def revoke_refresh_tokens(tokens: QuerySet[RefreshToken]) -> None:
    """Revoke tokens, and what comes of one of them that is being exchanged at this very moment.

    Revoking it waits for the exchange, whose new token no statement sees that began before: so it is looked for again.
    """
    standing = tokens.filter(revoked_at=None)
    while standing.update(revoked_at=timezone.now()):
        pass
