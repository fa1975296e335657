"""A page's end, as clients carry it: opaque, and of no use beyond the list that it came from."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from rest_framework.request import Request

from tenants.errors import Invalid
from tenants.positions import Position


def encode(position: Position) -> str:
    return base64.urlsafe_b64encode(f"{position.created_at.isoformat()} {position.id}".encode()).decode()


def decode(cursor: str) -> Position:
    """Raises ``Invalid`` for anything but what ``encode`` made."""
    try:
        created_at, _, memory_id = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition(" ")
        position = Position(datetime.fromisoformat(created_at), UUID(memory_id))
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            "'cursor' is not one that a list gave; allowed: the 'cursor' in 'next'.", attr="cursor"
        ) from error
    if position.created_at.tzinfo is None:
        raise Invalid("'cursor' is not one that a list gave; allowed: the 'cursor' in 'next'.", attr="cursor")
    return position


def next_page(request: Request, position: Position | None) -> str | None:
    """The URL of the page that follows, with everything else as it was asked for."""
    if position is None:
        return None
    parameters = request._request.GET.copy()
    parameters["cursor"] = encode(position)
    return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
