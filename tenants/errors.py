"""What can go wrong, in the words that clients see. Each class's docstring is its default message."""

from dataclasses import dataclass

from rest_framework import status
from rest_framework.exceptions import APIException

from tenants.callers import Caller


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; ``attr`` is the path of the field at fault, dots between."""

    code: str
    detail: str
    attr: str | None


class EngramError(APIException):
    """Something went wrong."""

    status_code: int = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_code = "error"
    # Whose request it was, where its own credentials do not say.
    caller: Caller | None = None

    def __init__(self, detail: str | None = None, code: str | None = None, attr: str | None = None) -> None:
        super().__init__(detail or " ".join((self.__doc__ or "").split()), code)
        self.attr = attr
        self.headers: dict[str, str] = {}

    def problems(self) -> list[Problem]:
        """What a client is told, one entry for each thing that is wrong."""
        return [Problem(str(self.detail.code), str(self.detail), self.attr)]  # type: ignore[union-attr]

    def reason(self) -> str:
        """What the audit trail notes of it."""
        return f"{self.status_code} {self.problems()[0].code}"


class Invalid(EngramError):
    """The request is not valid."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid"


class TooManySpaces(Invalid):
    """A token cannot name that many spaces."""

    default_code = "too_many_spaces"


class InvalidCredentials(EngramError):
    """The credentials are not valid, or no longer."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_code = "invalid_credentials"


class InvalidToken(EngramError):
    """The token is not valid, or has expired."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_code = "invalid_token"
    # RFC 6750 asks for it beside a 401.
    auth_header = 'Bearer realm="engram", error="invalid_token"'


class Refused(EngramError):
    """This is not permitted."""

    status_code = status.HTTP_403_FORBIDDEN
    default_code = "permission_denied"


class NotCovered(Refused):
    """The token does not cover this space."""

    default_code = "space_not_covered"


class AccessWithdrawn(Refused):
    """The token covers this space, but access to it has been withdrawn since."""

    default_code = "access_withdrawn"


class TenantSuspended(Refused):
    """The tenant is suspended."""

    default_code = "tenant_suspended"


class SpaceArchived(Refused):
    """The space is archived."""

    default_code = "space_archived"


class SpaceErasing(Refused):
    """The space is being erased."""

    default_code = "space_erasing"


class NotFound(EngramError):
    """There is no such thing here."""

    status_code = status.HTTP_404_NOT_FOUND
    default_code = "not_found"


class Conflict(EngramError):
    """That would collide with what is already there."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class TooLarge(EngramError):
    """The request is too large."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Limited(EngramError):
    """Too much at once; try again."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "rate_limited"
    # Seconds until there is room again, where that is known, and whether it is a space that has none.
    room_in: float | None = None
    of_space = True


class CapacityExceeded(EngramError):
    """The space is full."""

    status_code = status.HTTP_507_INSUFFICIENT_STORAGE
    default_code = "capacity_exceeded"


class Unavailable(EngramError):
    """A part that this needs is not available; try again."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"


class NotNow(Exception):
    """What a worker's task needs is in somebody else's hands; it tries again in a moment. No client sees this."""
