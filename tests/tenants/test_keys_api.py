"""API keys, as a tenant's admins make, see, rotate and revoke them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.callers import operator
from tenants.models import ApiKey, ApiKeySpace
from tenants.services.sharing import withdraw_space
from tests.memory.space_api import detail, problems
from tests.tenants.control_api import ControlApi, trail
from tests.world import with_login_token

UNKNOWN = "00000000-0000-7000-8000-000000000000"
SUPPORT = {"name": "support", "spaces": {"acme_s1": ["read", "write"]}}


def exchanged(api_key: str) -> Any:
    return APIClient().post("/api/v1/auth/token/", {"api_key": api_key}, format="json")


def client_of(api_key: str) -> ControlApi:
    answer = exchanged(api_key)
    assert answer.status_code == 200, answer.content
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    return ControlApi(client)


def in_an_hour() -> str:
    return (timezone.now() + timedelta(hours=1)).isoformat()


def expire(key_id: str) -> None:
    ApiKey.objects.filter(id=key_id).update(expires_at=timezone.now() - timedelta(seconds=1))


def statuses(caller: ControlApi, key_id: str) -> set[int]:
    """How all that can be done with keys is answered to somebody."""
    path = f"keys/{key_id}/"
    answers = [caller.get("keys/"), caller.post("keys/", SUPPORT), caller.get(path), caller.delete(path)]
    return {answer.status_code for answer in [*answers, caller.post(f"{path}rotate/", {})]}


def test_a_key_that_was_made_opens_what_it_names(alice: ControlApi) -> None:
    made = alice.made("keys/", SUPPORT)
    assert made["api_key"].startswith(f"egk_{made['prefix']}_")
    assert made["spaces"] == SUPPORT["spaces"]
    assert made["expires_at"] is None
    assert client_of(made["api_key"]).spaces() == {"acme_s1": ["read", "write"]}


def test_an_admin_makes_keys_with_a_token_too(alice: ControlApi) -> None:
    made = ControlApi(with_login_token("alice")).made("keys/", SUPPORT)
    assert exchanged(made["api_key"]).status_code == 200


def test_a_list_shows_the_newest_first_and_no_secret(alice: ControlApi) -> None:
    first, second = alice.made("keys/", SUPPORT), alice.made("keys/", {**SUPPORT, "expires_at": in_an_hour()})
    exchanged(first["api_key"])
    listed = alice.listed("keys/")
    assert [key["id"] for key in listed[:2]] == [second["id"], first["id"]]
    assert set(listed[0]) == {
        "id", "name", "prefix", "spaces", "created_at", "expires_at", "last_used_at", "rotated_at", "revoked_at",
    }  # fmt: skip
    assert listed[0]["expires_at"] is not None
    assert listed[0]["last_used_at"] is None
    assert listed[1]["last_used_at"] is not None
    assert listed[1]["spaces"] == SUPPORT["spaces"]


def test_a_list_holds_the_tenants_own_keys_alone(alice: ControlApi, charlie: ControlApi) -> None:
    assert {key["name"] for key in alice.listed("keys/")} == {"acme", "acme_s1", "acme_s1_read"}
    assert {key["name"] for key in charlie.listed("keys/")} == {"globex"}


def test_reading_a_key_shows_what_the_list_shows(alice: ControlApi) -> None:
    made = alice.made("keys/", SUPPORT)
    assert alice.get(f"keys/{made['id']}/").json() == alice.listed("keys/")[0]


def test_a_revoked_key_ends_at_once_with_its_tokens(alice: ControlApi) -> None:
    made = alice.made("keys/", SUPPORT)
    application = client_of(made["api_key"])
    assert application.recall("acme_s1") == 200
    assert alice.delete(f"keys/{made['id']}/").status_code == 204
    assert application.recall("acme_s1") == 403
    assert exchanged(made["api_key"]).status_code == 401


def test_revoking_twice_keeps_the_first_time(alice: ControlApi) -> None:
    made = alice.made("keys/", SUPPORT)
    alice.delete(f"keys/{made['id']}/")
    first = alice.get(f"keys/{made['id']}/").json()["revoked_at"]
    assert alice.delete(f"keys/{made['id']}/").status_code == 204
    assert alice.get(f"keys/{made['id']}/").json()["revoked_at"] == first


def test_a_rotated_key_has_a_new_secret_and_the_old_name_and_spaces(alice: ControlApi) -> None:
    old = alice.made("keys/", {**SUPPORT, "expires_at": in_an_hour()})
    new = alice.made(f"keys/{old['id']}/rotate/", {})
    assert new["id"] != old["id"]
    assert new["api_key"] != old["api_key"]
    assert [new[field] for field in ("name", "spaces", "expires_at")] == [
        old[field] for field in ("name", "spaces", "expires_at")
    ]
    assert client_of(new["api_key"]).recall("acme_s1") == 200


def test_without_grace_the_old_key_ends_at_once_with_its_tokens(alice: ControlApi) -> None:
    old = alice.made("keys/", SUPPORT)
    application = client_of(old["api_key"])
    alice.made(f"keys/{old['id']}/rotate/", {})
    assert application.recall("acme_s1") == 403
    assert exchanged(old["api_key"]).status_code == 401


def test_during_grace_both_keys_work_and_after_it_the_new_one(alice: ControlApi) -> None:
    old = alice.made("keys/", SUPPORT)
    application = client_of(old["api_key"])
    new = alice.made(f"keys/{old['id']}/rotate/", {"grace_seconds": 3600})
    assert exchanged(old["api_key"]).status_code == 200
    assert exchanged(new["api_key"]).status_code == 200
    expire(old["id"])
    assert exchanged(old["api_key"]).status_code == 401
    assert application.recall("acme_s1") == 403
    assert client_of(new["api_key"]).recall("acme_s1") == 200


def test_grace_never_outlives_the_old_keys_own_end(alice: ControlApi) -> None:
    soon = in_an_hour()
    old = alice.made("keys/", {**SUPPORT, "expires_at": soon})
    before = alice.get(f"keys/{old['id']}/").json()["expires_at"]
    alice.made(f"keys/{old['id']}/rotate/", {"grace_seconds": 86_400})
    assert alice.get(f"keys/{old['id']}/").json()["expires_at"] == before


def test_a_rotated_key_may_be_given_another_end(alice: ControlApi) -> None:
    old = alice.made("keys/", SUPPORT)
    new = alice.made(f"keys/{old['id']}/rotate/", {"expires_at": "2100-01-01T00:00:00Z"})
    assert new["expires_at"] == "2100-01-01T00:00:00Z"


def test_a_rotated_key_may_be_without_an_end(alice: ControlApi) -> None:
    old = alice.made("keys/", {**SUPPORT, "expires_at": in_an_hour()})
    new = alice.made(f"keys/{old['id']}/rotate/", {"expires_at": None})
    assert new["expires_at"] is None


def test_a_key_is_rotated_once(alice: ControlApi) -> None:
    old = alice.made("keys/", SUPPORT)
    new = alice.made(f"keys/{old['id']}/rotate/", {"grace_seconds": 3600})
    again = alice.post(f"keys/{old['id']}/rotate/", {"grace_seconds": 3600})
    assert (again.status_code, problems(again)) == (409, [("key_rotated", None)])
    assert "rotate the one in its place." in detail(again)
    assert [key["rotated_at"] is None for key in alice.listed("keys/")[:2]] == [True, False]
    assert alice.made(f"keys/{new['id']}/rotate/", {})["expires_at"] is None


@pytest.mark.parametrize(("days", "offered"), [(30, "30"), (365, "365"), (12, "same"), (None, "never")])
def test_its_page_offers_as_long_a_life_as_the_old_one_had(
    alice: ControlApi, client: Client, days: int | None, offered: str
) -> None:
    old = alice.made(
        "keys/", {**SUPPORT, "expires_at": days and f"{timezone.now() + timedelta(days=days):%Y-%m-%dT%H:%MZ}"}
    )
    client.force_login(get_user_model().objects.get(username="alice"))
    assert client.get(f"/keys/{old['id']}/").context["form"]["lifetime"].value() == offered


def test_its_page_rotates_it_for_longer_than_the_old_one_had_and_once(alice: ControlApi, client: Client) -> None:
    old = alice.made("keys/", {**SUPPORT, "expires_at": in_an_hour()})
    client.force_login(get_user_model().objects.get(username="alice"))
    path = f"/keys/{old['id']}/"
    assert path in client.get("/").content.decode()
    made = client.post(path, {"lifetime": "90", "grace": "3600"}).context["key"]
    assert made.expires_at > timezone.now() + timedelta(days=89)
    assert path not in client.get("/").content.decode()
    assert "rotate-heading" not in client.get(path).content.decode()
    again = client.post(path, {"lifetime": "90", "grace": "3600"})
    assert "was rotated at" in again.context["form"].non_field_errors()[0]


def test_a_key_that_has_ended_cannot_be_rotated(alice: ControlApi) -> None:
    revoked, expired = alice.made("keys/", SUPPORT), alice.made("keys/", SUPPORT)
    alice.delete(f"keys/{revoked['id']}/")
    expire(expired["id"])
    answers = [alice.post(f"keys/{key['id']}/rotate/", {}) for key in (revoked, expired)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert problems(answers[0]) == problems(answers[1]) == [("key_ended", None)]


def test_a_key_may_name_a_shared_space_as_far_as_it_is_shared(charlie: ControlApi) -> None:
    made = charlie.made("keys/", {"name": "reader", "spaces": {"acme_shared": ["read"]}})
    assert client_of(made["api_key"]).recall("acme_shared") == 200
    beyond = charlie.post("keys/", {"name": "writer", "spaces": {"acme_shared": ["read", "write"]}})
    assert problems(beyond) == [("beyond_tenant", "spaces.acme_shared")]
    assert detail(beyond) == "The tenant 'globex' holds read on 'acme_shared'; a key cannot have read, write."


def test_a_key_cannot_name_another_tenants_space_which_looks_like_none(alice: ControlApi) -> None:
    foreign = alice.post("keys/", {"name": "thief", "spaces": {"globex_s1": ["read"]}})
    missing = alice.post("keys/", {"name": "thief", "spaces": {"globex_s2": ["read"]}})
    assert foreign.status_code == missing.status_code == 400
    assert detail(foreign).replace("globex_s1", "globex_s2") == detail(missing)
    assert problems(foreign) == [("unknown_space", "spaces.globex_s1")]
    assert not ApiKeySpace.objects.filter(key__name="thief").exists()


def test_a_withdrawn_space_can_no_longer_be_named(charlie: ControlApi) -> None:
    withdraw_space(operator("tests"), "acme_shared", "globex")
    answer = charlie.post("keys/", {"name": "late", "spaces": {"acme_shared": ["read"]}})
    assert problems(answer) == [("unknown_space", "spaces.acme_shared")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, ("blank", "name")),
        ({"name": "x" * 101}, ("max_length", "name")),
        ({"spaces": {}}, ("empty", "spaces")),
        ({"spaces": {"acme_s1": []}}, ("empty", "spaces.acme_s1")),
        ({"spaces": {"acme_s1": ["rule"]}}, ("invalid_choice", "spaces.acme_s1.0")),
        ({"spaces": {"No Name": ["read"]}}, ("invalid", "spaces")),
        ({"spaces": {f"acme_{n}": ["read"] for n in range(1001)}}, ("max_length", "spaces")),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ("invalid", "expires_at")),
        ({"expires_at": "tomorrow"}, ("invalid", "expires_at")),
        ({"secret": "mine"}, ("unknown_field", "secret")),
    ],
)
def test_a_field_that_is_not_valid_is_named(alice: ControlApi, change: Any, problem: tuple[str, str]) -> None:
    answer = alice.post("keys/", {**SUPPORT, **change})
    assert answer.status_code == 400
    assert problems(answer) == [problem]


@pytest.mark.parametrize("seconds", [-1, 86_401, "soon"])
def test_grace_is_a_day_at_most(alice: ControlApi, seconds: Any) -> None:
    made = alice.made("keys/", SUPPORT)
    answer = alice.post(f"keys/{made['id']}/rotate/", {"grace_seconds": seconds})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "grace_seconds"


def test_another_tenants_key_is_not_found_and_stays_as_it_is(alice: ControlApi, charlie: ControlApi) -> None:
    made = alice.made("keys/", SUPPORT)
    path = f"keys/{made['id']}/"
    answers = [
        charlie.get(path),
        charlie.delete(path),
        charlie.post(f"{path}rotate/", {}),
        charlie.get(f"keys/{UNKNOWN}/"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
    assert exchanged(made["api_key"]).status_code == 200


def test_keys_are_for_admins_alone(
    alice: ControlApi, bob: ControlApi, application: ControlApi, nobody: ControlApi
) -> None:
    key_id = alice.made("keys/", SUPPORT)["id"]
    assert statuses(bob, key_id) == {403}
    assert statuses(ControlApi(with_login_token("bob")), key_id) == {403}
    assert statuses(application, key_id) == {403}
    assert statuses(nobody, key_id) == {401}


def test_what_is_done_to_keys_is_in_the_trail_and_no_secret(alice: ControlApi, bob: ControlApi) -> None:
    made = alice.made("keys/", SUPPORT)
    alice.made(f"keys/{made['id']}/rotate/", {})
    alice.delete(f"keys/{made['id']}/")
    bob.get("keys/")
    shown = f"support (egk_{made['prefix']}_…)"
    assert trail("acme", "create_key")[0] == ("allowed", "support")
    assert trail("acme", "rotate_key") == [("allowed", shown)]
    assert trail("acme", "revoke_key") == [("allowed", shown)]
    assert trail("acme", "list_keys") == [("denied", "")]
