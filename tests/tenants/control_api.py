"""The control plane's API, as somebody of a tenant calls it."""

from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

from audit.services.events import recent_events
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class ControlApi:
    """``get`` and its like give the response; ``made`` expects 201, ``listed`` 200, and both give the JSON."""

    client: APIClient

    def get(self, path: str, **parameters: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", parameters)

    def post(self, path: str, body: Any) -> Any:
        return self.client.post(f"/api/v1/{path}", body, format="json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/api/v1/{path}", body, format="json")

    def put(self, path: str, body: Any = None) -> Any:
        return self.client.put(f"/api/v1/{path}", body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/{path}")

    def made(self, path: str, body: Any) -> Any:
        answer = self.post(path, body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def listed(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    def recall(self, space: str) -> int:
        """The status of the plainest question to a space."""
        return int(self.post(f"spaces/{space}/recall/", {"query": "first"}).status_code)

    def remember(self, space: str) -> int:
        """The status of the plainest addition to a space."""
        return int(self.post(f"spaces/{space}/memories/", {"content": "Something new."}).status_code)

    def spaces(self) -> dict[str, list[str]]:
        """What the caller may do now, by space."""
        return {space["name"]: space["permissions"] for space in self.listed("spaces/")}


def trail(tenant: str, action: str) -> list[tuple[str, str]]:
    """Outcome and target of each operation of a kind in a tenant's audit trail, newest first."""
    events = recent_events(Tenant.objects.get(slug=tenant).id, 1_000)
    return [(event.outcome, event.target) for event in events if event.action == action]
