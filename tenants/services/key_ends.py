"""When keys end, those that applications hold as well as those that a tenant signs with."""

from datetime import datetime, timedelta
from typing import Protocol

from tenants.models import ApiKey, SigningKey


class Ending(Protocol):
    """A key, or a view of one."""

    @property
    def expires_at(self) -> datetime | None: ...

    @property
    def revoked_at(self) -> datetime | None: ...


def has_ended(key: Ending, now: datetime) -> bool:
    return key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)


def end_key(key: ApiKey | SigningKey, now: datetime, grace: timedelta) -> None:
    """End a key at once, or after ``grace`` unless its own end comes before."""
    if grace:
        key.expires_at = min(now + grace, key.expires_at or now + grace)
    else:
        key.revoked_at = now
    key.save(update_fields=["expires_at", "revoked_at"])
