"""POST auth/token/ with an API key."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import LazySettings
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.callers import operator
from tenants.models import ApiKey, Space
from tenants.services.keys import create_key
from tenants.services.sharing import withdraw_space
from tenants.services.tenants import suspend_tenant
from tests.tenants.asking import TOKEN, ask, bearer, newest_event, pair, problem
from tests.world import World

REFUSAL = (401, "invalid_credentials", None)


def test_a_key_gets_a_token_for_what_it_names(world: World, api: APIClient) -> None:
    answer = pair(api, api_key=world.keys["globex"])
    assert answer["spaces"] == {"globex_s1": ["manage", "read", "write"], "acme_shared": ["read"]}
    assert answer["expires_in"] == 900
    assert set(answer) == {"access", "refresh", "expires_in", "spaces"}


def test_the_token_says_who_it_is_for_and_how_long(world: World, api: APIClient) -> None:
    claims = jwt.decode(pair(api, api_key=world.keys["acme_s1"])["access"], options={"verify_signature": False})
    key = ApiKey.objects.get(name="acme_s1")
    assert claims["sub"] == f"key:{key.id}"
    assert claims["tenant"] == str(key.tenant_id)
    assert claims["spaces"] == {"acme_s1": ["read", "write"]}
    assert (claims["iss"], claims["aud"]) == ("engram", "engram-api")
    assert claims["exp"] - claims["iat"] == 900
    assert claims["jti"]


def test_two_tokens_are_never_the_same(world: World, api: APIClient) -> None:
    first, second = (pair(api, api_key=world.keys["acme_s1"]) for _ in range(2))
    assert first["access"] != second["access"]
    assert first["refresh"] != second["refresh"]


def test_a_token_is_narrowed_to_fewer_spaces(world: World, api: APIClient) -> None:
    answer = pair(api, api_key=world.keys["acme"], spaces={"acme_s10": ["read", "write", "manage"]})
    assert answer["spaces"] == {"acme_s10": ["manage", "read", "write"]}
    assert bearer(answer["access"]).get("/api/v1/spaces/acme_s1/").status_code == 403


def test_a_token_is_narrowed_to_fewer_permissions(world: World, api: APIClient) -> None:
    answer = pair(api, api_key=world.keys["acme"], spaces={"acme_s1": ["read"]})
    client = bearer(answer["access"])
    assert client.get("/api/v1/spaces/acme_s1/").status_code == 200
    assert client.patch("/api/v1/spaces/acme_s1/", {"title": "Mine"}, format="json").status_code == 403


@pytest.mark.parametrize(
    ("key", "spaces", "code"),
    [
        ("acme_s1", {"acme_s1": ["manage"]}, "permission_denied"),
        ("acme_s1", {"acme_s1": ["read", "write", "manage"]}, "permission_denied"),
        ("acme_s1_read", {"acme_s1": ["write"]}, "permission_denied"),
        ("globex", {"acme_shared": ["read", "write"]}, "permission_denied"),
        ("acme_s1", {"acme_s10": ["read"]}, "space_not_covered"),
        ("acme_s1", {"acme_s1": ["read"], "acme_s10": ["read"]}, "space_not_covered"),
        ("globex", {"acme_s1": ["read"]}, "space_not_covered"),
        ("globex", {"no_such_space": ["read"]}, "space_not_covered"),
    ],
)
def test_a_token_is_never_widened(
    world: World, api: APIClient, key: str, spaces: dict[str, list[str]], code: str
) -> None:
    assert problem(ask(api, TOKEN, api_key=world.keys[key], spaces=spaces)) == (403, code, "spaces")


def test_a_foreign_space_is_answered_as_one_that_does_not_exist(world: World, api: APIClient) -> None:
    foreign = ask(api, TOKEN, api_key=world.keys["globex"], spaces={"acme_s1": ["read"]})
    missing = ask(api, TOKEN, api_key=world.keys["globex"], spaces={"acme_s0": ["read"]})
    assert foreign.content.replace(b"acme_s1", b"acme_s0") == missing.content


def test_what_a_key_is_refused_is_in_its_tenants_trail(world: World, api: APIClient) -> None:
    ask(api, TOKEN, api_key=world.keys["globex"], spaces={"acme_s1": ["read"]})
    event = newest_event("globex")
    assert (event.actor_kind, event.actor_name, event.action) == ("key", "globex", "issue_token")
    assert (event.outcome, event.reason) == ("denied", "403 space_not_covered")


def test_a_key_gets_no_token_while_its_tenant_is_suspended(world: World, api: APIClient) -> None:
    suspend_tenant(operator("tests"), "acme")
    assert problem(ask(api, TOKEN, api_key=world.keys["acme"])) == (403, "tenant_suspended", None)
    event = newest_event("acme")
    assert (event.action, event.outcome, event.reason) == ("issue_token", "denied", "403 tenant_suspended")


def test_a_space_whose_grant_is_withdrawn_is_not_named_any_more(world: World, api: APIClient) -> None:
    withdraw_space(operator("tests"), "acme_shared", "globex")
    assert set(pair(api, api_key=world.keys["globex"])["spaces"]) == {"globex_s1"}


@pytest.mark.parametrize("status", [Space.Status.ARCHIVED, Space.Status.ERASING])
def test_a_space_that_is_closed_is_not_named(world: World, api: APIClient, status: str) -> None:
    Space.objects.filter(name="acme_s10").update(status=status)
    assert set(pair(api, api_key=world.keys["acme"])["spaces"]) == {"acme_s1", "acme_shared"}


def test_too_many_spaces_are_refused_with_the_way_out(world: World, api: APIClient, settings: LazySettings) -> None:
    settings.TOKEN_MAX_SPACES = 2
    refused = ask(api, TOKEN, api_key=world.keys["acme"])
    assert problem(refused) == (400, "too_many_spaces", None)
    assert refused.json()["errors"][0]["detail"] == (
        "This would name 3 spaces; a token names at most 2. Narrow it with 'spaces'."
    )
    assert pair(api, api_key=world.keys["acme"], spaces={"acme_s1": ["read"], "acme_s10": ["read"]})


@pytest.mark.parametrize(
    "mangled",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key + "A",
        lambda key: key.replace("egk_", "egk_0", 1),
        lambda key: key.replace("egk_", "xyz_", 1),
        lambda key: key.split("_", 2)[2],
        lambda key: "_".join(key.split("_", 2)[:2]),
        lambda key: "_".join([*key.split("_", 2)[:2], ""]),
        lambda key: key.upper(),
        lambda key: f" {key}",
        lambda key: "egk__",
        lambda key: "é" * 50,
    ],
)
def test_a_key_that_is_not_one_is_refused_in_the_same_words(world: World, api: APIClient, mangled: Any) -> None:
    wrong = ask(api, TOKEN, api_key=mangled(world.keys["acme_s1"]))
    unknown = ask(api, TOKEN, api_key="egk_000000000000_nothing")
    assert problem(wrong) == REFUSAL
    assert wrong.content == unknown.content


@pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
def test_a_key_that_has_ended_is_refused_in_the_words_for_a_wrong_one(world: World, api: APIClient, field: str) -> None:
    ApiKey.objects.filter(name="acme_s1").update(**{field: timezone.now()})
    ended = ask(api, TOKEN, api_key=world.keys["acme_s1"])
    unknown = ask(api, TOKEN, api_key="egk_000000000000_nothing")
    assert problem(ended) == REFUSAL
    assert ended.content == unknown.content


def test_a_key_works_until_its_end(world: World, api: APIClient) -> None:
    later = timezone.now() + timedelta(minutes=1)
    key = create_key(operator("tests"), "acme", {"acme_s1": frozenset({"read"})}, name="brief", expires_at=later)
    assert pair(api, api_key=key.api_key)["spaces"] == {"acme_s1": ["read"]}


def test_the_last_use_of_a_key_is_kept_to_the_minute(world: World, api: APIClient) -> None:
    pair(api, api_key=world.keys["acme_s1"])
    first = ApiKey.objects.get(name="acme_s1").last_used_at
    pair(api, api_key=world.keys["acme_s1"])
    assert ApiKey.objects.get(name="acme_s1").last_used_at == first
    ApiKey.objects.filter(name="acme_s1").update(last_used_at=timezone.now() - timedelta(hours=1))
    pair(api, api_key=world.keys["acme_s1"])
    assert (timezone.now() - (ApiKey.objects.get(name="acme_s1").last_used_at or timezone.now())).total_seconds() < 60


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "credentials", None)),
        ({"username": "alice"}, (400, "credentials", None)),
        ({"api_key": "a", "username": "alice", "password": "b"}, (400, "credentials", None)),
        ({"api_key": "a", "tenant": "acme"}, (400, "credentials", None)),
        ({"api_key": "a", "scope": "everything"}, (400, "unknown_field", "scope")),
        ({"api_key": "a" * 201}, (400, "max_length", "api_key")),
        ({"api_key": ""}, (400, "blank", "api_key")),
        ({"api_key": ["a"]}, (400, "invalid", "api_key")),
        ({"api_key": "a", "spaces": {}}, (400, "empty", "spaces")),
        ({"api_key": "a", "spaces": ["acme_s1"]}, (400, "not_a_dict", "spaces")),
        ({"api_key": "a", "spaces": {"acme_s1": []}}, (400, "empty", "spaces.acme_s1")),
        ({"api_key": "a", "spaces": {"acme_s1": ["own"]}}, (400, "invalid_choice", "spaces.acme_s1.0")),
    ],
)
def test_a_request_that_is_not_clear_is_refused_naming_the_field(
    api: APIClient, body: object, expected: object
) -> None:
    assert problem(api.post(TOKEN, body, format="json")) == expected


def test_a_refusal_never_repeats_a_secret(world: World, api: APIClient) -> None:
    response = ask(api, TOKEN, api_key=["a secret"], password=["another secret"], username=7)
    assert response.status_code == 400
    assert "secret" not in response.content.decode()


def test_the_secret_itself_is_stored_nowhere(world: World) -> None:
    secret = world.keys["acme_s1"].split("_", 2)[2]
    key = ApiKey.objects.get(name="acme_s1")
    assert len(bytes(key.secret_sha256)) == 32
    assert secret not in " ".join(str(value) for value in vars(key).values())
