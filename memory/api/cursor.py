"""A page's end, as clients carry it: opaque, and of no use beyond the list that it came from."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from memory.services.memories import Position
from tenants.errors import Invalid


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
