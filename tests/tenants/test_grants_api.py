"""Grants, as whoever manages a space shares it and takes that back."""

from typing import Any

import pytest

from tenants.models import Grant, Space
from tests.memory.space_api import SpaceApi, detail, problems
from tests.tenants.control_api import ControlApi, trail
from tests.world import READ, World, make_member, with_login_token

UNKNOWN = "00000000-0000-7000-8000-000000000000"
TO_GLOBEX = {"tenant": "globex", "permissions": ["read"]}


@pytest.fixture
def dora(world: World, alice: ControlApi) -> ControlApi:
    """A member of acme who is in a team, beside which a space of another team stands."""
    alice.made("teams/", {"slug": "blue"})
    alice.made("teams/", {"slug": "red"})
    alice.made("spaces/", {"name": "acme_red", "team": "red"})
    make_member("dora", team="blue")
    return ControlApi(with_login_token("dora"))


def statuses(caller: ControlApi, grant_id: str) -> set[int]:
    """How all that can be done with the grants of ``acme_s1`` is answered to somebody."""
    path = "spaces/acme_s1/grants/"
    answers = [caller.get(path), caller.post(path, TO_GLOBEX), caller.delete(f"{path}{grant_id}/")]
    return {answer.status_code for answer in answers}


def test_a_space_is_shared_with_another_tenant_until_that_is_taken_back(alice: ControlApi, charlie: ControlApi) -> None:
    assert charlie.recall("acme_s1") == 403
    made = alice.made("spaces/acme_s1/grants/", TO_GLOBEX)
    assert made == {
        "id": made["id"],
        "space": "acme_s1",
        "tenant": "globex",
        "team": None,
        "member": None,
        "permissions": ["read"],
        "created_at": made["created_at"],
    }
    assert alice.listed("spaces/acme_s1/grants/") == [made]
    assert charlie.recall("acme_s1") == 200
    assert charlie.remember("acme_s1") == 403
    assert alice.delete(f"spaces/acme_s1/grants/{made['id']}/").status_code == 204
    assert charlie.recall("acme_s1") == 403
    assert alice.listed("spaces/acme_s1/grants/") == []


def test_a_token_that_named_a_shared_space_is_refused_once_it_is_taken_back(alice: ControlApi, world: World) -> None:
    reader = SpaceApi("acme_shared", world.client("globex"))
    assert reader.post("recall/", {"query": "first"}).status_code == 200
    (grant,) = alice.listed("spaces/acme_shared/grants/")
    alice.delete(f"spaces/acme_shared/grants/{grant['id']}/")
    answer = reader.post("recall/", {"query": "first"})
    assert answer.status_code == 403
    assert problems(answer) == [("access_withdrawn", None)]


def test_granting_again_replaces_what_was_granted(alice: ControlApi, charlie: ControlApi) -> None:
    first = alice.made("spaces/acme_s1/grants/", {"tenant": "globex", "permissions": ["read", "write", "read"]})
    assert first["permissions"] == ["read", "write"]
    assert charlie.remember("acme_s1") == 201
    again = alice.post("spaces/acme_s1/grants/", TO_GLOBEX)
    assert again.status_code == 200
    assert again.json() == {**first, "permissions": ["read"]}
    assert charlie.remember("acme_s1") == 403


def test_what_is_granted_to_a_team_counts_for_its_members(alice: ControlApi, dora: ControlApi) -> None:
    made = alice.made("spaces/acme_red/grants/", {"team": "blue", "permissions": ["read", "write"]})
    dora = ControlApi(with_login_token("dora"))
    assert dora.remember("acme_red") == 201
    assert alice.delete(f"spaces/acme_red/grants/{made['id']}/").status_code == 204
    assert dora.recall("acme_red") == 403


def test_what_is_granted_to_a_member_counts_for_them_alone(
    alice: ControlApi, bob: ControlApi, dora: ControlApi
) -> None:
    made = alice.made("spaces/acme_red/grants/", {"member": "bob", "permissions": ["read"]})
    assert bob.recall("acme_red") == 200
    assert ControlApi(with_login_token("dora")).recall("acme_red") == 403
    assert alice.delete(f"spaces/acme_red/grants/{made['id']}/").status_code == 204
    assert bob.recall("acme_red") == 403


def test_what_is_granted_to_a_member_and_to_their_team_adds_up(alice: ControlApi, dora: ControlApi) -> None:
    alice.made("spaces/acme_red/grants/", {"team": "blue", "permissions": ["read"]})
    alice.made("spaces/acme_red/grants/", {"member": "dora", "permissions": ["write"]})
    assert ControlApi(with_login_token("dora")).spaces()["acme_red"] == ["read", "write"]


def test_an_application_that_manages_a_space_shares_it(application: ControlApi, charlie: ControlApi) -> None:
    made = application.made("spaces/acme_s1/grants/", TO_GLOBEX)
    assert charlie.recall("acme_s1") == 200
    assert application.delete(f"spaces/acme_s1/grants/{made['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"tenant": "hooli"}, ("unknown_tenant", "tenant")),
        ({"tenant": "acme"}, ("own_tenant", "tenant")),
        ({"team": "green"}, ("unknown_team", "team")),
        ({"team": "globex-team"}, ("unknown_team", "team")),
        ({"member": "nobody"}, ("unknown_member", "member")),
        ({"member": "charlie"}, ("unknown_member", "member")),
        ({}, ("grantee", None)),
        ({"tenant": "globex", "member": "bob"}, ("grantee", None)),
        ({"tenant": "globex", "permissions": ["manage"]}, ("invalid_choice", "permissions.0")),
        ({"tenant": "globex", "permissions": []}, ("empty", "permissions")),
        ({"tenant": "globex", "space": "acme_s10"}, ("unknown_field", "space")),
    ],
)
def test_a_field_that_is_not_valid_is_named(
    alice: ControlApi, charlie: ControlApi, body: Any, problem: tuple[str, str | None]
) -> None:
    charlie.made("teams/", {"slug": "globex-team"})
    answer = alice.post("spaces/acme_s1/grants/", {"permissions": ["read"], **body})
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_another_tenants_people_look_like_none(alice: ControlApi, charlie: ControlApi) -> None:
    foreign = alice.post("spaces/acme_s1/grants/", {"member": "charlie", "permissions": ["read"]})
    missing = alice.post("spaces/acme_s1/grants/", {"member": "nobody", "permissions": ["read"]})
    assert detail(foreign).replace("charlie", "nobody") == detail(missing)


def test_a_tenant_does_not_pass_on_what_was_shared_with_it(
    alice: ControlApi, charlie: ControlApi, world: World
) -> None:
    alice.post("spaces/acme_shared/grants/", {"tenant": "globex", "permissions": ["read", "write"]})
    body = {"member": "charlie", "permissions": ["read"]}
    assert charlie.get("spaces/acme_shared/grants/").status_code == 403
    assert charlie.post("spaces/acme_shared/grants/", body).status_code == 403
    assert ControlApi(world.client("globex")).post("spaces/acme_shared/grants/", body).status_code == 403


def test_a_grant_that_lets_another_tenant_manage_does_not_let_it_share(charlie: ControlApi, alice: ControlApi) -> None:
    # The API grants no such thing; whoever puts it into the database still does not move the border.
    Grant.objects.filter(space__name="acme_shared").update(permissions=["read", "write", "manage"])
    assert charlie.get("spaces/acme_shared/grants/").status_code == 403
    assert charlie.patch("spaces/acme_shared/", {"title": "Mine"}).status_code == 403
    assert Space.objects.get(name="acme_shared").title == ""


def test_a_grant_is_taken_back_through_its_own_space_alone(alice: ControlApi, charlie: ControlApi) -> None:
    made = alice.made("spaces/acme_s1/grants/", TO_GLOBEX)
    answers = [
        alice.delete(f"spaces/acme_s10/grants/{made['id']}/"),
        alice.delete(f"spaces/acme_s1/grants/{UNKNOWN}/"),
        charlie.delete(f"spaces/globex_s1/grants/{made['id']}/"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert charlie.recall("acme_s1") == 200


def test_grants_are_for_who_manages_the_space(
    alice: ControlApi, bob: ControlApi, charlie: ControlApi, nobody: ControlApi, world: World
) -> None:
    grant_id = alice.made("spaces/acme_s1/grants/", {"member": "bob", "permissions": ["write"]})["id"]
    assert statuses(bob, grant_id) == {403}
    assert statuses(charlie, grant_id) == {403}
    assert statuses(ControlApi(world.client("acme_s1")), grant_id) == {403}
    assert statuses(ControlApi(world.client("acme", {"acme_s1": READ})), grant_id) == {403}
    assert statuses(nobody, grant_id) == {401}


def test_sharing_is_in_the_owners_trail(alice: ControlApi) -> None:
    grant_id = alice.made("spaces/acme_s1/grants/", {"member": "bob", "permissions": ["read", "write"]})["id"]
    alice.delete(f"spaces/acme_s1/grants/{grant_id}/")
    assert trail("acme", "share_space")[0] == ("allowed", "acme_s1 with member bob: read, write")
    assert trail("acme", "withdraw_space") == [("allowed", "acme_s1 from member bob")]
