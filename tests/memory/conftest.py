from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from memory.services import recall_across
from tests.memory.openai_server import OpenAIServer, running_server
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


@pytest.fixture
def provider(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """An embedding provider on loopback, which the settings choose: model ``lengths``, 3 dimensions."""
    monkeypatch.setattr("memory.embedders.openai.BACKOFF", (0.0, 0.0))
    with running_server() as server:
        settings.ENGRAM_EMBEDDER = "openai"
        settings.ENGRAM_OPENAI_URL = server.url
        settings.ENGRAM_OPENAI_API_KEY = "secret-key"
        settings.ENGRAM_OPENAI_MODEL = "lengths"
        settings.ENGRAM_OPENAI_DIMENSION = 3
        yield server


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A space that answers a recall over several at all does in time, however slow the machine is."""
    monkeypatch.setattr(recall_across, "PATIENCE_MS", 30_000)
    monkeypatch.setattr(recall_across, "PATIENCE_IN_ALL_MS", 60_000)
