"""The token endpoints as clients use them, and what the tenant's trail says of it."""

from typing import Any

from rest_framework.test import APIClient

from audit.services.events import Event, recent_events
from tenants.models import Tenant

TOKEN = "/api/v1/auth/token/"
REFRESH = "/api/v1/auth/token/refresh/"
REVOKE = "/api/v1/auth/token/revoke/"


def ask(api: APIClient, url: str, **body: Any) -> Any:
    return api.post(url, body, format="json")


def pair(api: APIClient, **credentials: Any) -> Any:
    """The answer to credentials that are good."""
    response = ask(api, TOKEN, **credentials)
    assert response.status_code == 200, response.content
    return response.json()


def problem(response: Any) -> tuple[int, str, str | None]:
    """The one thing that is wrong: status, code and field."""
    (error,) = response.json()["errors"]
    return response.status_code, error["code"], error["attr"]


def bearer(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def newest_event(tenant: str) -> Event:
    (event,) = recent_events(Tenant.objects.get(slug=tenant).id, 1)
    return event
