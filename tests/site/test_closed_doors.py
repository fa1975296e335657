"""Refusing again without asking again: whoever knocks on while the space's rate is used up, and nobody else."""

import time
from itertools import repeat
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from audit.services.events import recent_events
from engram_site import closed_doors
from tenants.models import ApiKey, Space, Tenant
from tests.limits import limit_space
from tests.world import World

LISTING = "/api/v1/spaces/acme_s1/memories/"
# Longer than a door stays closed.
A_SECOND = 1.05


@pytest.fixture
def acme(world: World) -> APIClient:
    """A client of a space that allows two operations a second."""
    limit_space("acme_s1", rate_limit_per_space=2)
    return world.client("acme_s1")


def knock(client: APIClient) -> Any:
    return client.get(LISTING)


def closed(client: APIClient) -> Any:
    """The refusal in full that closes the door."""
    answers = [knock(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    return answers[-1]


def test_the_second_refusal_reads_like_the_first_and_asks_nobody(acme: APIClient) -> None:
    first = closed(acme)
    with CaptureQueriesContext(connection) as queries:
        second = knock(acme)
    assert len(queries) == 0
    assert second.status_code == 429
    assert second.json() == first.json()
    told = ("Content-Type", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    assert [second.headers[name] for name in told] == [first.headers[name] for name in told]
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]


def test_another_token_for_the_space_is_judged_by_itself(world: World, acme: APIClient) -> None:
    closed(acme)
    other = world.client("acme_s1_read")
    ApiKey.objects.filter(name="acme_s1_read").update(expires_at="2020-01-01T00:00Z")
    assert other.get(LISTING).status_code == 403


def test_the_same_token_is_let_into_another_space(world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=2)
    client = world.client("acme")
    assert [client.get(LISTING).status_code for _ in range(4)] == [200, 200, 429, 429]
    assert client.get("/api/v1/spaces/acme_s10/memories/").status_code == 200


def test_a_refusal_of_another_kind_closes_nothing(world: World) -> None:
    client = world.client("acme_s1")
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ARCHIVED)
    assert client.get(LISTING).status_code == 403
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ACTIVE)
    assert client.get(LISTING).status_code == 200


def test_the_door_opens_by_itself(acme: APIClient) -> None:
    closed(acme)
    assert knock(acme).status_code == 429
    time.sleep(A_SECOND)
    assert knock(acme).status_code == 200


def test_what_was_refused_at_the_door_leaves_one_row_together(acme: APIClient) -> None:
    closed(acme)
    assert {knock(acme).status_code for _ in repeat(None, 5)} == {429}
    time.sleep(A_SECOND)
    knock(acme)
    assert refused() == ["", "5 more refused"]


def test_it_leaves_its_row_though_nobody_comes_back(acme: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed_doors, "_ABANDONED_AFTER", 0.1)
    closed(acme)
    knock(acme)
    time.sleep(A_SECOND + 0.2)
    assert acme.get("/healthz").status_code == 200
    assert refused() == ["", "1 more refused"]


def refused() -> list[str]:
    """The targets of what acme was refused, oldest first."""
    events = recent_events(Tenant.objects.get(slug="acme").id, 100)
    return [event.target for event in reversed(events) if event.outcome == "limited"]
