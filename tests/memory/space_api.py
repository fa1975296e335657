"""The memory API of one space, as an application calls it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rest_framework.test import APIClient

from memory.models import Memory
from tenants.callers import Origin, operator
from tenants.scope import space_tx
from tenants.services.exchange import exchange_key
from tenants.services.keys import create_key
from tenants.services.spaces import NewSpace, create_space
from tests.world import ALL, SPACES, scope_of

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SpaceApi:
    """``post`` and its like give the response; ``remember``, ``recall`` and the other verbs expect success and give its JSON."""

    space: str
    client: APIClient

    def get(self, path: str, **parameters: Any) -> Any:
        return self.client.get(self._url(path), parameters)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(self._url(path), body, format="json", headers=_dashed(headers))

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(self._url(path), body, format="json")

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(self._url(path), body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(self._url(path))

    def remember(self, content: str, **fields: Any) -> str:
        """The memory's id."""
        answer = self.post("memories/", {"content": content, **fields})
        assert answer.status_code in {200, 201}, answer.content
        return str(answer.json()["id"])

    def batch(self, memories: list[dict[str, Any]]) -> list[str]:
        """The memories' ids, in order."""
        answer = self.post("memories/batch/", {"memories": memories})
        assert answer.status_code == 201, answer.content
        return [item["id"] for item in answer.json()["results"]]

    def recall(self, **cue: Any) -> list[Any]:
        answer = self.post("recall/", cue)
        assert answer.status_code == 200, answer.content
        hits: list[Any] = answer.json()["results"]
        return hits

    def recalled(self, **cue: Any) -> list[str]:
        """The ids that a cue brings to mind, best first."""
        return [hit["memory"]["id"] for hit in self.recall(**cue)]

    def spread(self, *sources: str, **options: Any) -> Any:
        answer = self.post("spread/", {"from": list(sources), **options})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def associate(self, source: str, target: str, weight: float = 1.0) -> None:
        answer = self.put(f"memories/{source}/associations/{target}/", {"weight": weight})
        assert answer.status_code == 200, answer.content

    def associations(self, memory_id: str) -> list[Any]:
        answer = self.get(f"memories/{memory_id}/associations/")
        assert answer.status_code == 200, answer.content
        found: list[Any] = answer.json()["results"]
        return found

    def listed(self, **parameters: Any) -> list[str]:
        """The ids on one page."""
        answer = self.get("memories/", **parameters)
        assert answer.status_code == 200, answer.content
        return [memory["id"] for memory in answer.json()["results"]]

    def row(self, memory_id: str) -> Memory:
        """The stored row, which shows what the API keeps to itself."""
        with space_tx(scope_of(self.space)):
            return Memory.objects.get(id=memory_id)

    def change_row(self, memory_id: str, **values: Any) -> None:
        """Set what no client can: when it was made, its tier, a time to expire that has passed."""
        with space_tx(scope_of(self.space)):
            assert Memory.objects.filter(id=memory_id).update(**values) == 1

    def expire(self, memory_id: str) -> None:
        self.change_row(memory_id, expires_at=LONG_AGO)

    def _url(self, path: str) -> str:
        return f"/api/v1/spaces/{self.space}/{path}"


def space_of_vectors(space: str, dimension: int) -> SpaceApi:
    """A new space of acme whose vectors come from its clients."""
    root = operator("tests")
    new = NewSpace(space, embedding_model="of-the-client", embedding_dimension=dimension)
    create_space(root, new, tenant_slug=SPACES["acme_s1"])
    key = create_key(root, SPACES["acme_s1"], {space: ALL}, name=space)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {exchange_key(Origin(), key.api_key, None).access}")
    return SpaceApi(space, client)


def problems(answer: Any) -> list[tuple[str, str | None]]:
    """Each thing that an error answer names: its code and the field at fault."""
    return [(error["code"], error["attr"]) for error in answer.json()["errors"]]


def detail(answer: Any) -> str:
    """The words of the first thing that an error answer names."""
    return str(answer.json()["errors"][0]["detail"])


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
