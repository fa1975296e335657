"""Where a page of a list ends."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order ``(-created_at, -id)``."""

    created_at: datetime
    id: UUID
