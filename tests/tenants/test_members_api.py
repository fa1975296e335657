"""Members, as a tenant's admins let them in, give them a role and send them away."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

from tenants.models import Grant, Membership, TeamMember
from tests.memory.parallel import at_once
from tests.memory.space_api import detail, problems
from tests.tenants.control_api import ControlApi, trail
from tests.world import PASSWORD, World, logged_in, make_member, with_login_token

DORA = {"username": "dora", "role": "member", "password": "quite-a-long-password"}


def statuses(caller: ControlApi) -> set[int]:
    """How all that changes a member is answered to somebody."""
    answers = [
        caller.post("members/", DORA),
        caller.patch("members/bob/", {"role": "admin"}),
        caller.delete("members/bob/"),
    ]
    return {answer.status_code for answer in answers}


def pair_of(username: str, password: str = PASSWORD) -> Any:
    return APIClient().post("/api/v1/auth/token/", {"username": username, "password": password}, format="json")


def test_a_new_person_logs_in_with_the_password_they_were_given(alice: ControlApi) -> None:
    made = alice.made("members/", DORA)
    assert made == {
        "username": "dora", "role": "member", "teams": [], "created_at": made["created_at"], "new_account": True,
    }  # fmt: skip
    assert pair_of("dora", DORA["password"]).status_code == 200


def test_who_has_an_account_keeps_their_password(alice: ControlApi) -> None:
    made = alice.made("members/", {**DORA, "username": "charlie"})
    assert made["new_account"] is False
    assert pair_of("charlie").status_code == 200
    assert pair_of("charlie", DORA["password"]).status_code == 401


def test_a_new_person_needs_a_password(alice: ControlApi) -> None:
    answer = alice.post("members/", {"username": "dora", "role": "member"})
    assert answer.status_code == 400
    assert problems(answer) == [("required", "password")]
    assert not get_user_model().objects.filter(username="dora").exists()


@pytest.mark.parametrize("password", ["tiny-9", "1234567890123", "password1234", "dora-dora-dora"])
def test_a_password_that_is_easily_guessed_is_refused_and_not_said_back(alice: ControlApi, password: str) -> None:
    answer = alice.post("members/", {**DORA, "username": "dora-dora", "password": password})
    assert answer.status_code == 400
    assert problems(answer) == [("invalid", "password")]
    assert password not in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"username": "a space"}, ("invalid", "username")),
        ({"username": "x" * 151}, ("max_length", "username")),
        ({"role": "owner"}, ("invalid_choice", "role")),
        ({"team": "blue"}, ("unknown_field", "team")),
    ],
)
def test_a_field_that_is_not_valid_is_named(alice: ControlApi, change: Any, problem: tuple[str, str]) -> None:
    answer = alice.post("members/", {**DORA, **change})
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_who_is_a_member_already_is_not_added(alice: ControlApi) -> None:
    answer = alice.post("members/", {"username": "bob", "role": "admin"})
    assert answer.status_code == 409
    assert problems(answer) == [("already_member", "username")]
    assert Membership.objects.get(user__username="bob").role == "member"


def test_members_see_each_other_and_nobody_elses(alice: ControlApi, bob: ControlApi, charlie: ControlApi) -> None:
    alice.made("teams/", {"slug": "blue"})
    alice.put("teams/blue/members/bob/")
    listed = bob.listed("members/")
    assert [(member["username"], member["role"], member["teams"]) for member in listed] == [
        ("alice", "admin", []),
        ("bob", "member", ["blue"]),
    ]
    assert alice.listed("members/") == listed
    assert [member["username"] for member in charlie.listed("members/")] == ["charlie"]


def test_a_role_counts_from_the_next_request_on(alice: ControlApi, bob: ControlApi) -> None:
    assert bob.get("keys/").status_code == 403
    assert alice.patch("members/bob/", {"role": "admin"}).json()["role"] == "admin"
    assert bob.get("keys/").status_code == 200
    assert alice.patch("members/bob/", {"role": "member"}).status_code == 200
    assert bob.get("keys/").status_code == 403


def test_the_last_admin_stays(alice: ControlApi) -> None:
    answers = [alice.patch("members/alice/", {"role": "member"}), alice.delete("members/alice/")]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert problems(answers[0]) == problems(answers[1]) == [("last_admin", None)]
    assert alice.patch("members/alice/", {"role": "admin"}).status_code == 200


def test_an_admin_who_cannot_log_in_does_not_count(alice: ControlApi) -> None:
    make_member("dora", role="admin")
    get_user_model().objects.filter(username="dora").update(is_active=False)
    assert problems(alice.delete("members/alice/")) == [("last_admin", None)]


def test_an_admin_may_leave_when_another_stays(alice: ControlApi) -> None:
    make_member("dora", role="admin")
    assert alice.delete("members/alice/").status_code == 204
    assert ControlApi(logged_in("dora")).get("keys/").status_code == 200


def test_two_admins_who_remove_each_other_at_once_leave_one(world: World) -> None:
    make_member("dora", role="admin")
    alice, dora = ControlApi(logged_in("alice")), ControlApi(logged_in("dora"))
    answers = at_once(lambda: alice.delete("members/dora/"), lambda: dora.delete("members/alice/"))
    # The other comes too late: they are of no tenant any more, their right to it is gone, or they are the last.
    assert min(answer.status_code for answer in answers) == 204
    assert max(answer.status_code for answer in answers) in {401, 403, 409}
    assert Membership.objects.filter(tenant__slug="acme", role="admin").count() == 1


def test_who_is_sent_away_is_refused_from_the_next_request_on(alice: ControlApi, bob: ControlApi) -> None:
    with_token = ControlApi(with_login_token("bob"))
    pair = pair_of("bob").json()
    assert with_token.recall("acme_s1") == 200
    assert alice.delete("members/bob/").status_code == 204
    assert with_token.recall("acme_s1") == 403
    assert with_token.get("members/").status_code == 403
    assert bob.get("spaces/").status_code == 401
    refreshed = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]}, format="json")
    assert refreshed.status_code in {401, 403}
    assert pair_of("bob").status_code == 401


def test_who_comes_back_does_not_find_old_tokens_good_again(alice: ControlApi) -> None:
    pair = pair_of("bob").json()
    alice.delete("members/bob/")
    alice.made("members/", {"username": "bob", "role": "member"})
    refreshed = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]}, format="json")
    assert refreshed.status_code == 401
    assert pair_of("bob").status_code == 200


def test_who_is_sent_away_loses_teams_and_grants(alice: ControlApi) -> None:
    alice.made("teams/", {"slug": "blue"})
    alice.put("teams/blue/members/bob/")
    alice.made("spaces/acme_s1/grants/", {"member": "bob", "permissions": ["write"]})
    alice.delete("members/bob/")
    assert not TeamMember.objects.exists()
    assert not Grant.objects.filter(space__name="acme_s1").exists()
    alice.made("members/", {"username": "bob", "role": "member"})
    assert ControlApi(logged_in("bob")).remember("acme_s1") == 403


def test_another_tenants_member_is_not_found_and_stays_as_they_are(alice: ControlApi, charlie: ControlApi) -> None:
    answers = [charlie.patch("members/bob/", {"role": "admin"}), charlie.delete("members/bob/")]
    missing = charlie.delete("members/nobody/")
    assert [answer.status_code for answer in [*answers, missing]] == [404, 404, 404]
    assert detail(answers[1]).replace("bob", "nobody") == detail(missing)
    assert [member["username"] for member in alice.listed("members/")] == ["alice", "bob"]


def test_leaving_one_tenant_keeps_the_place_in_another(alice: ControlApi, charlie: ControlApi) -> None:
    alice.made("members/", {"username": "charlie", "role": "member"})
    assert alice.delete("members/charlie/").status_code == 204
    assert charlie.recall("globex_s1") == 200


def test_members_are_changed_by_admins_alone(bob: ControlApi, application: ControlApi, nobody: ControlApi) -> None:
    assert statuses(bob) == {403}
    assert statuses(ControlApi(with_login_token("bob"))) == {403}
    assert statuses(application) == {403}
    assert statuses(nobody) == {401}


def test_applications_do_not_see_who_is_in_a_tenant(application: ControlApi, nobody: ControlApi) -> None:
    assert application.get("members/").status_code == 403
    assert nobody.get("members/").status_code == 401


def test_what_is_done_to_members_is_in_the_trail_and_no_password(alice: ControlApi) -> None:
    alice.made("members/", DORA)
    alice.patch("members/dora/", {"role": "admin"})
    alice.delete("members/dora/")
    assert trail("acme", "add_member") == [("allowed", "dora as member")]
    assert trail("acme", "update_member") == [("allowed", "dora to admin")]
    assert trail("acme", "remove_member") == [("allowed", "dora")]
