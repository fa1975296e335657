"""POST auth/token/refresh/ and auth/token/revoke/."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import psycopg
import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.callers import operator
from tenants.models import ApiKey, ApiKeySpace, Membership, RefreshToken, Space
from tenants.services.sharing import withdraw_space
from tenants.services.tenants import resume_tenant, suspend_tenant
from tests.tenants.asking import REFRESH, REVOKE, ask, bearer, newest_event, pair, problem
from tests.world import PASSWORD, World

REFUSAL = (401, "invalid_token", None)
PATIENCE = 10.0
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


def refreshed(api: APIClient, refresh: str) -> Any:
    response = ask(api, REFRESH, refresh=refresh)
    assert response.status_code == 200, response.content
    return response.json()


def wait_for_somebody_who_waits() -> None:
    """Return once a statement of another connection waits for a lock."""
    until = time.monotonic() + PATIENCE
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        while admin.execute(WAITING).fetchone() == (0,):
            assert time.monotonic() < until
            time.sleep(0.01)


def test_a_refresh_token_gets_the_next_pair_for_the_same_spaces(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["globex"])
    second = refreshed(api, first["refresh"])
    assert second["spaces"] == first["spaces"]
    assert second["access"] != first["access"]
    assert bearer(second["access"]).get("/api/v1/spaces/globex_s1/").status_code == 200
    assert newest_event("globex").action == "read_space"


def test_refreshing_goes_on_and_on(world: World, api: APIClient) -> None:
    second = refreshed(api, pair(api, api_key=world.keys["acme_s1"])["refresh"])
    third = refreshed(api, second["refresh"])
    assert third["spaces"] == {"acme_s1": ["read", "write"]}


def test_a_narrowed_token_stays_as_narrow(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme"], spaces={"acme_s1": ["read"]})
    assert refreshed(api, first["refresh"])["spaces"] == {"acme_s1": ["read"]}


def test_what_the_key_gained_since_does_not_come_by_itself(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    key, space = ApiKey.objects.get(name="acme_s1"), Space.objects.get(name="acme_s10")
    ApiKeySpace.objects.create(key=key, space=space, permissions=["read"])
    assert set(refreshed(api, first["refresh"])["spaces"]) == {"acme_s1"}


def test_what_was_withdrawn_since_is_not_named_any_more(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["globex"])
    withdraw_space(operator("tests"), "acme_shared", "globex")
    assert set(refreshed(api, first["refresh"])["spaces"]) == {"globex_s1"}


def test_a_permission_withdrawn_since_is_not_named_any_more(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    ApiKeySpace.objects.filter(key__name="acme_s1").update(permissions=["read"])
    assert refreshed(api, first["refresh"])["spaces"] == {"acme_s1": ["read"]}


def test_a_space_closed_since_drops_out_until_it_opens_again(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme"])
    Space.objects.filter(name="acme_s10").update(status=Space.Status.ARCHIVED)
    second = refreshed(api, first["refresh"])
    assert set(second["spaces"]) == {"acme_s1", "acme_shared"}
    Space.objects.filter(name="acme_s10").update(status=Space.Status.ACTIVE)
    assert set(refreshed(api, second["refresh"])["spaces"]) == {"acme_s1", "acme_s10", "acme_shared"}


def test_a_narrowed_login_never_administers_after_any_refresh(world: World, api: APIClient) -> None:
    first = pair(api, username="alice", password=PASSWORD, spaces={"acme_s1": ["read"]})
    second = refreshed(api, first["refresh"])
    for access in (first["access"], second["access"]):
        assert problem(bearer(access).get("/api/v1/keys/")) == (403, "permission_denied", None)
        assert problem(bearer(access).get("/api/v1/members/")) == (403, "permission_denied", None)


def test_a_whole_login_administers_after_any_refresh(world: World, api: APIClient) -> None:
    second = refreshed(api, pair(api, username="alice", password=PASSWORD)["refresh"])
    assert bearer(second["access"]).get("/api/v1/keys/").status_code == 200


def test_a_second_use_revokes_all_that_came_of_the_token(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    second = refreshed(api, first["refresh"])
    assert problem(ask(api, REFRESH, refresh=first["refresh"])) == REFUSAL
    assert problem(ask(api, REFRESH, refresh=second["refresh"])) == REFUSAL


def test_a_second_use_is_in_the_tenants_trail(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    refreshed(api, first["refresh"])
    ask(api, REFRESH, refresh=first["refresh"])
    event = newest_event("acme")
    assert (event.actor_name, event.action, event.outcome) == ("acme_s1", "refresh_token", "denied")
    assert event.reason == "401 invalid_token"


def test_a_second_use_leaves_other_families_alone(world: World, api: APIClient) -> None:
    first, other = (pair(api, api_key=world.keys["acme_s1"]) for _ in range(2))
    refreshed(api, first["refresh"])
    ask(api, REFRESH, refresh=first["refresh"])
    assert refreshed(api, other["refresh"])


def test_of_two_uses_at_once_one_alone_succeeds(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])

    def use(_: int) -> int:
        try:
            return int(ask(APIClient(), REFRESH, refresh=first["refresh"]).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [200, 401, 401, 401]
    assert not RefreshToken.objects.filter(revoked_at=None, used_at=None).exists()


def test_a_suspended_tenant_is_refused_and_goes_on_once_it_is_let_in_again(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    suspend_tenant(operator("tests"), "acme")
    assert problem(ask(api, REFRESH, refresh=first["refresh"])) == (403, "tenant_suspended", None)
    resume_tenant(operator("tests"), "acme")
    assert refreshed(api, first["refresh"])["spaces"] == first["spaces"]


def test_a_revoked_key_refreshes_nothing(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    ApiKey.objects.filter(name="acme_s1").update(revoked_at=timezone.now())
    assert problem(ask(api, REFRESH, refresh=first["refresh"])) == (403, "access_withdrawn", None)


def test_a_member_who_left_refreshes_nothing(world: World, api: APIClient) -> None:
    first = pair(api, username="bob", password=PASSWORD)
    assert refreshed(api, first["refresh"])
    second = pair(api, username="bob", password=PASSWORD)
    Membership.objects.filter(user__username="bob").delete()
    assert problem(ask(api, REFRESH, refresh=second["refresh"])) == (403, "access_withdrawn", None)


def test_a_member_who_was_deactivated_refreshes_nothing(world: World, api: APIClient) -> None:
    first = pair(api, username="bob", password=PASSWORD)
    get_user_model().objects.filter(username="bob").update(is_active=False)
    assert problem(ask(api, REFRESH, refresh=first["refresh"])) == (403, "access_withdrawn", None)


def test_a_refresh_token_ends(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    with time_machine.travel(timezone.now() + timedelta(days=14, seconds=1), tick=False):
        assert problem(ask(api, REFRESH, refresh=first["refresh"])) == REFUSAL


@pytest.mark.parametrize("url", [REFRESH, REVOKE])
@pytest.mark.parametrize("given", ["", "garbage", "a.b.c", "é", "egk_000000000000_nothing"])
def test_what_is_no_refresh_token_is_refused_without_repeating_it(api: APIClient, url: str, given: str) -> None:
    response = ask(api, url, refresh=given or " ")
    assert response.status_code in {400, 401}
    assert "garbage" not in response.content.decode()


@pytest.mark.parametrize("url", [REFRESH, REVOKE])
def test_an_access_token_is_no_refresh_token(world: World, api: APIClient, url: str) -> None:
    access = pair(api, api_key=world.keys["acme_s1"])["access"]
    assert problem(ask(api, url, refresh=access)) == REFUSAL


@pytest.mark.parametrize("url", [REFRESH, REVOKE])
def test_a_refresh_token_whose_row_is_gone_is_refused(world: World, api: APIClient, url: str) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    RefreshToken.objects.all().delete()
    assert problem(ask(api, url, refresh=first["refresh"])) == REFUSAL


def test_revoking_ends_the_token_and_all_that_came_of_it(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    second = refreshed(api, first["refresh"])
    other = pair(api, api_key=world.keys["acme_s1"])
    assert ask(api, REVOKE, refresh=first["refresh"]).status_code == 204
    event = newest_event("acme")
    assert (event.actor_name, event.action, event.outcome) == ("acme_s1", "revoke_token", "allowed")
    assert problem(ask(api, REFRESH, refresh=second["refresh"])) == REFUSAL
    assert refreshed(api, other["refresh"])


def test_revoking_again_changes_nothing(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    assert [ask(api, REVOKE, refresh=first["refresh"]).status_code for _ in range(2)] == [204, 204]


def test_revoking_ends_what_is_exchanged_at_the_same_moment(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    exchanged = Event()

    def exchange() -> Any:
        with transaction.atomic():
            answer = refreshed(APIClient(), first["refresh"])
            exchanged.set()
            wait_for_somebody_who_waits()
        connection.close()
        return answer

    with ThreadPoolExecutor(1) as pool:
        exchanging = pool.submit(exchange)
        assert exchanged.wait(PATIENCE)
        assert ask(api, REVOKE, refresh=first["refresh"]).status_code == 204
        second = exchanging.result()
    assert problem(ask(api, REFRESH, refresh=second["refresh"])) == REFUSAL


def test_an_access_token_outlives_its_revoked_refresh_token_by_its_few_minutes(world: World, api: APIClient) -> None:
    first = pair(api, api_key=world.keys["acme_s1"])
    ask(api, REVOKE, refresh=first["refresh"])
    assert bearer(first["access"]).get("/api/v1/auth/whoami/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1), tick=False):
        assert bearer(first["access"]).get("/api/v1/auth/whoami/").status_code == 401
