"""A tenant's rate: what it may ask for in a second that is of no space's rate."""

import time
from dataclasses import replace
from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants import limits
from tenants.services import limiter
from tests.limits import refusals
from tests.memory.space_api import detail, problems
from tests.tenants.asking import TOKEN, ask, pair
from tests.tenants.control_api import ControlApi
from tests.world import World, logged_in

MOST = 3


@pytest.fixture(autouse=True)
def three_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = replace(limits.installation(), administration=limits.Administration(rate_limit_per_tenant=MOST))
    monkeypatch.setattr(limiter, "installation", lambda: strict)


@pytest.fixture
def alice(world: World) -> ControlApi:
    return ControlApi(logged_in("alice"))


def used_up(caller: ControlApi) -> Any:
    """The answer to the first request too many."""
    answers = [caller.get("auth/whoami/") for _ in range(MOST + 1)]
    assert [answer.status_code for answer in answers] == [200] * MOST + [429]
    return answers[-1]


def test_a_tenant_that_asks_too_often_is_told_when_to_come_back(alice: ControlApi, long_second: float) -> None:
    refused = used_up(alice)
    assert problems(refused) == [("rate_limited", None)]
    assert detail(refused) == "The tenant is allowed 3 requests a second for its administration."
    names = ("Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    assert [refused.headers[name] for name in names] == ["1", "3", "0", "1"]
    assert refusals("acme") == [("whoami", "", "limited", "429 rate_limited")]
    time.sleep(long_second)
    assert alice.get("auth/whoami/").status_code == 200


ROUTES = ["spaces/", "spaces/acme_s1/", "spaces/acme_s1/grants/", "keys/", "signing-keys/", "members/", "teams/"]
ROUTES += ["erasures/", "audit/", "audit/export/"]


@pytest.mark.usefixtures("endless_second")
def test_all_routes_of_the_control_plane_share_the_rate(alice: ControlApi) -> None:
    used_up(alice)
    assert {route: alice.get(route).status_code for route in ROUTES} == dict.fromkeys(ROUTES, 429)


def test_tokens_count_for_the_tenant_whose_they_are(
    alice: ControlApi, world: World, api: APIClient, long_second: float
) -> None:
    refresh = pair(api, api_key=world.keys["acme"])["refresh"]
    time.sleep(long_second)
    used_up(alice)
    answers = [
        ask(api, TOKEN, api_key=world.keys["acme"]),
        ask(api, f"{TOKEN}refresh/", refresh=refresh),
        ask(api, f"{TOKEN}revoke/", refresh=refresh),
    ]
    assert [problems(answer) for answer in answers] == [[("rate_limited", None)]] * 3
    assert ask(api, TOKEN, api_key=world.keys["globex"]).status_code == 200
    time.sleep(long_second)
    assert ask(api, f"{TOKEN}refresh/", refresh=refresh).status_code == 200


@pytest.mark.usefixtures("endless_second")
def test_pages_share_it_too(alice: ControlApi) -> None:
    pages = [alice.client.get("/keys/") for _ in range(MOST + 1)]
    assert [page.status_code for page in pages] == [200] * MOST + [429]
    assert "The tenant is allowed 3 requests a second" in pages[-1].content.decode()
    assert alice.client.post("/people/teams/", {"name": "Late"}).status_code == 429
    assert alice.get("auth/whoami/").status_code == 429


@pytest.mark.usefixtures("endless_second")
def test_a_space_answers_while_its_tenants_rate_is_used_up(alice: ControlApi) -> None:
    used_up(alice)
    assert alice.recall("acme_s1") == 200
    assert alice.get("spaces/acme_s1/usage/").status_code == 200
