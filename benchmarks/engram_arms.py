"""Engram as arms of a comparison: in process, and over HTTP.

Memories come with the vectors that all arms are given. By vector, recall is asked for cosine order, as peers answer; by text
it is what anybody gets who asks for ten: meaning and words, and what they are associated with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import local
from typing import Any, Self

from django.db import connection
from tqdm import tqdm

from benchmarks.adapters.arms import Arm
from benchmarks.adapters.given import Given
from benchmarks.clients import Client
from benchmarks.spaces import Tenant, make_tenant
from engram_site.runner.site import Site
from memory.records import NewMemory, Vector
from memory.services.lexicon import refresh_lexicon
from memory.services.recall import Cue, recall
from memory.services.remember import remember, remember_batch
from tenants.scope import SpaceScope


@dataclass(frozen=True, slots=True)
class Spaces:
    """A tenant of Engram, with a key and one space, for each tenant of the comparison."""

    prefix: str
    tenants: Mapping[str, Tenant]

    @classmethod
    def make(cls, prefix: str, tenants: Sequence[str]) -> Self:
        making = tqdm(tenants, desc=f"Tenants {prefix}", unit="tenant", leave=False)
        return cls(prefix, {tenant: make_tenant(f"{prefix}-{tenant}", [f"{prefix}-{tenant}"]) for tenant in making})

    def name(self, tenant: str) -> str:
        return f"{self.prefix}-{tenant}"

    def open(self, tenant: str) -> SpaceScope:
        return self.tenants[tenant].open(self.name(tenant))

    def settle(self) -> None:
        for tenant in self.tenants:
            refresh_lexicon(SpaceScope.for_task(self.open(tenant).space_id))


class InProcess(Arm):
    """By the services, which check each call's claim as requests do."""

    def __init__(self, spaces: Spaces, given: Given) -> None:
        self._spaces = spaces
        self._given = given

    def store(self, tenant: str, texts: Sequence[str]) -> None:
        scope = self._spaces.open(tenant)
        memories = [
            NewMemory(text, embedding=vector) for text, vector in zip(texts, self._given.lists(texts), strict=True)
        ]
        if len(memories) == 1:
            remember(scope, memories[0])
        else:
            remember_batch(scope, memories)

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        (vector,) = self._given.lists([cue])
        return self._ask(tenant, Cue(embedding=vector, seeds=frozenset({"semantic"}), depth=0, limit=count))

    def settle(self) -> None:
        self._spaces.settle()

    def leave(self) -> None:
        connection.close()

    def _ask(self, tenant: str, cue: Cue) -> list[str]:
        recalled = recall(self._spaces.open(tenant), cue, embed=self._embed)
        return [hit.memory.content for hit in recalled.hits]

    def _embed(self, scope: SpaceScope, texts: Sequence[str]) -> list[Vector]:
        return list(self._given.of(texts))


class InProcessByText(InProcess):
    """Asks by text, which is given its vector instead of being embedded."""

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        return self._ask(tenant, Cue(query=cue, limit=count))


class OverHttp(Arm):
    """By the API, with a token for each tenant and a connection for each thread."""

    def __init__(self, site: Site, spaces: Spaces, given: Given) -> None:
        self._site = site
        self._spaces = spaces
        self._given = given
        self._tokens: dict[str, str] = {}
        self._of_thread = local()

    def open(self, tenants: Sequence[str]) -> None:
        for tenant in tenants:
            token = self._site.access_token(self._spaces.tenants[tenant].api_key)
            assert token is not None
            self._tokens[tenant] = token

    def store(self, tenant: str, texts: Sequence[str]) -> None:
        memories = [
            {"content": text, "embedding": vector} for text, vector in zip(texts, self._given.lists(texts), strict=True)
        ]
        if len(memories) == 1:
            self._post(tenant, "memories/", memories[0])
        else:
            self._post(tenant, "memories/batch/", {"memories": memories})

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        (vector,) = self._given.lists([cue])
        return self._ask(tenant, {"embedding": vector, "seeds": ["semantic"], "depth": 0, "limit": count})

    def settle(self) -> None:
        self._spaces.settle()

    def leave(self) -> None:
        if client := getattr(self._of_thread, "client", None):
            client.close()

    def _ask(self, tenant: str, cue: Mapping[str, Any]) -> list[str]:
        return [hit["memory"]["content"] for hit in self._post(tenant, "recall/", cue)["results"]]

    def _post(self, tenant: str, path: str, body: Any) -> Any:
        token = self._tokens[tenant]
        client: Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = self._of_thread.client = Client(self._site, token)
        client.use(token)
        return client.post(f"spaces/{self._spaces.name(tenant)}/{path}", body)


class OverHttpByText(OverHttp):
    """Asks by text, which the server embeds."""

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        return self._ask(tenant, {"query": cue, "limit": count})
