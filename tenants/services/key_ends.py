"""When keys end, those that applications hold as well as those that a tenant signs with."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

from tenants.errors import Conflict
from tenants.models import ApiKey, SigningKey


class AsBefore(Enum):
    """That a key in another's place ends when that one was to; ``None`` says that it has no end."""

    AS_BEFORE = "as before"


AS_BEFORE: Final = AsBefore.AS_BEFORE


class Ending(Protocol):
    """A key, or a view of one."""

    @property
    def expires_at(self) -> datetime | None: ...

    @property
    def revoked_at(self) -> datetime | None: ...


def has_ended(key: Ending, now: datetime) -> bool:
    return key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)


def end_in_place_of(old: Ending, given: datetime | AsBefore | None) -> datetime | None:
    return old.expires_at if isinstance(given, AsBefore) else given


def refuse_rotated(key: ApiKey | SigningKey) -> None:
    """Raise ``Conflict`` for a key that has had another put in its place, which it may only be once."""
    if key.rotated_at is not None:
        raise Conflict(
            f"The key {key} was rotated at {key.rotated_at:%Y-%m-%d %H:%M} UTC; rotate the one in its place.",
            "key_rotated",
        )


def end_rotated(key: ApiKey | SigningKey, now: datetime, grace: timedelta) -> None:
    """End a key that another takes the place of, at once or after ``grace`` unless its own end comes before."""
    key.rotated_at = now
    if grace:
        key.expires_at = min(now + grace, key.expires_at or now + grace)
    else:
        key.revoked_at = now
    key.save(update_fields=["expires_at", "rotated_at", "revoked_at"])
