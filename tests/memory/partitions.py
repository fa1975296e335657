"""Where the tables keep a space, for tests of what spaces have to do with their neighbours there."""

from typing import Any

from django.db import connection

from tests.memory.space_api import SpaceApi, space_of_vectors
from tests.world import scope_of

LEAF = (
    "select n from generate_series(0, 15) n where satisfies_hash_partition('memory_memory'::regclass, 16, n, %s::uuid)"
)


def leaf(space: str) -> Any:
    """The number of the partition that holds the space, in each of the tables."""
    with connection.cursor() as cursor:
        cursor.execute(LEAF, [scope_of(space).space_id])
        return cursor.fetchone()


def space_beside(space: str, dimension: int) -> SpaceApi:
    """A new space of acme's in the same partitions as another."""
    wanted = leaf(space)
    others = (space_of_vectors(f"acme_beside_{n}", dimension) for n in range(200))
    return next(other for other in others if leaf(other.space) == wanted)
