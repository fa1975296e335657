import pytest

from tests.memory.space_api import SpaceApi, space_of_vectors
from tests.world import World


@pytest.fixture
def acme(world: World) -> SpaceApi:
    """A space with one memory, embedded by the server; another tenant has one beside it."""
    return SpaceApi("acme_s1", world.client("acme"))


@pytest.fixture
def globex(world: World) -> SpaceApi:
    """The other tenant's space."""
    return SpaceApi("globex_s1", world.client("globex"))


@pytest.fixture
def plane(world: World) -> SpaceApi:
    """An empty space of vectors in the plane, sent by the client."""
    return space_of_vectors("acme_plane", 2)
