"""Refusing again without asking again: whoever knocks on while the space's rate is used up, and nobody else."""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import repeat

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from werkzeug.test import Client, TestResponse

from audit.services.events import recent_events
from engram_site import closed_doors
from engram_site.closed_doors import ClosedDoors
from engram_site.wsgi import django_application
from tenants import limits
from tenants.models import ApiKey, Space, Tenant
from tenants.services import limiter
from tests.limits import limit_space
from tests.world import World

LISTING = "/api/v1/spaces/acme_s1/memories/"
Knock = Callable[[], TestResponse]


@pytest.fixture
def web() -> Client:
    """A client of a process that has refused nobody yet."""
    return Client(ClosedDoors(django_application))


def knocker(web: Client, world: World, key: str) -> Knock:
    """Somebody who asks for a space's memories with a token of their own."""
    headers = {"Authorization": f"Bearer {world.token(key)}"}
    return lambda: web.get(LISTING, headers=headers)


@pytest.fixture
def knock(web: Client, world: World) -> Knock:
    """Somebody at a space that allows two operations a second."""
    limit_space("acme_s1", rate_limit_per_space=2)
    return knocker(web, world, "acme_s1")


def closed(knock: Knock) -> TestResponse:
    """The refusal in full that closes the door."""
    answers = [knock() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    return answers[-1]


@pytest.mark.usefixtures("endless_second")
def test_the_second_refusal_reads_like_the_first_and_asks_nobody(knock: Knock) -> None:
    first = closed(knock)
    with CaptureQueriesContext(connection) as queries:
        second = knock()
    assert len(queries) == 0
    assert second.status_code == 429
    assert second.json == first.json
    assert first.headers["Retry-After"] == "1"
    ids = [answer.headers.pop("X-Request-ID") for answer in (first, second)]
    assert len(set(ids)) == 2
    assert dict(second.headers) == dict(first.headers)


@pytest.mark.usefixtures("endless_second")
def test_another_token_for_the_space_is_judged_by_itself(web: Client, world: World, knock: Knock) -> None:
    closed(knock)
    other = knocker(web, world, "acme_s1_read")
    ApiKey.objects.filter(name="acme_s1_read").update(expires_at="2020-01-01T00:00Z")
    assert other().status_code == 403


@pytest.mark.usefixtures("endless_second")
def test_the_same_token_is_let_into_another_space(web: Client, world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=2)
    headers = {"Authorization": f"Bearer {world.token('acme')}"}
    paths = [*repeat("acme_s1", 4), "acme_s10"]
    answers = [web.get(f"/api/v1/spaces/{space}/memories/", headers=headers) for space in paths]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 200]


def test_a_refusal_of_another_kind_closes_nothing(web: Client, world: World) -> None:
    knock = knocker(web, world, "acme_s1")
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ARCHIVED)
    assert knock().status_code == 403
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ACTIVE)
    assert knock().status_code == 200


def test_the_door_opens_by_itself(knock: Knock, long_second: float) -> None:
    closed(knock)
    assert knock().status_code == 429
    time.sleep(long_second)
    assert knock().status_code == 200


def test_what_was_refused_at_the_door_leaves_one_row_together(knock: Knock, long_second: float) -> None:
    closed(knock)
    assert {knock().status_code for _ in repeat(None, 5)} == {429}
    time.sleep(long_second)
    knock()
    assert refused() == ["", "5 more refused"]


def test_it_leaves_its_row_though_nobody_comes_back(
    web: Client, knock: Knock, monkeypatch: pytest.MonkeyPatch, long_second: float
) -> None:
    monkeypatch.setattr(closed_doors, "_ABANDONED_AFTER", 0.0)
    closed(knock)
    knock()
    time.sleep(long_second)
    assert web.get("/healthz").status_code == 200
    assert refused() == ["", "1 more refused"]


def test_a_tenants_refusals_leave_one_row_together_and_close_none_of_its_spaces(
    web: Client, world: World, monkeypatch: pytest.MonkeyPatch, long_second: float
) -> None:
    strict = replace(limits.installation(), administration=limits.Administration(rate_limit_per_tenant=2))
    headers = {"Authorization": f"Bearer {world.token('acme_s1')}"}
    monkeypatch.setattr(limiter, "installation", lambda: strict)
    answers = [web.get("/api/v1/spaces/acme_s1/", headers=headers) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429, 429]
    assert web.get(LISTING, headers=headers).status_code == 200
    assert web.get("/api/v1/auth/whoami/", headers=headers).status_code == 429
    time.sleep(long_second)
    assert web.get("/api/v1/spaces/acme_s1/", headers=headers).status_code == 200
    assert refused() == ["", "", "3 more refused"]


@pytest.mark.usefixtures("endless_second")
def test_a_refusal_of_the_credentials_in_a_body_closes_nothing_to_others(
    web: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = replace(limits.installation(), administration=limits.Administration(rate_limit_per_tenant=2))
    headers = {"Authorization": f"Bearer {world.token('acme_s1')}"}
    monkeypatch.setattr(limiter, "installation", lambda: strict)
    keys = [*repeat(world.keys["acme"], 3), world.keys["globex"]]
    answers = [web.post("/api/v1/auth/token/", json={"api_key": key}, headers=headers) for key in keys]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]


def refused() -> list[str]:
    """The targets of what acme was refused, oldest first."""
    events = recent_events(Tenant.objects.get(slug="acme").id, 100)
    return [event.target for event in reversed(events) if event.outcome == "limited"]
