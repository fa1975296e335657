"""Teams, as a tenant's admins make and dissolve them and its members see them."""

from typing import Any

import pytest

from tenants.models import Grant, Space
from tests.memory.space_api import detail, problems
from tests.tenants.control_api import ControlApi, trail
from tests.world import World, logged_in, make_member

BLUE = {"slug": "blue", "name": "The blue team"}


@pytest.fixture
def blue(alice: ControlApi) -> str:
    """A team of acme with Bob in it."""
    alice.made("teams/", BLUE)
    assert alice.put("teams/blue/members/bob/").status_code == 200
    return "blue"


def statuses(caller: ControlApi) -> set[int]:
    """How all that changes a team is answered to somebody."""
    answers = [
        caller.post("teams/", {"slug": "red"}),
        caller.patch("teams/blue/", {"name": "Azure"}),
        caller.delete("teams/blue/"),
        caller.put("teams/blue/members/bob/"),
        caller.delete("teams/blue/members/bob/"),
    ]
    return {answer.status_code for answer in answers}


def test_a_team_that_was_made_is_listed_by_its_slug(alice: ControlApi) -> None:
    made = alice.made("teams/", BLUE)
    alice.made("teams/", {"slug": "azure"})
    assert made == {**BLUE, "members": [], "created_at": made["created_at"]}
    assert [team["slug"] for team in alice.listed("teams/")] == ["azure", "blue"]
    assert alice.get("teams/blue/").json() == made


def test_a_teams_name_is_its_slug_until_changed(alice: ControlApi) -> None:
    assert alice.made("teams/", {"slug": "red"})["name"] == "red"
    assert alice.patch("teams/red/", {"name": "The red team"}).json()["name"] == "The red team"
    assert alice.get("teams/red/").json()["name"] == "The red team"


def test_members_see_the_teams_of_their_tenant_alone(bob: ControlApi, charlie: ControlApi, blue: str) -> None:
    assert [team["members"] for team in bob.listed("teams/")] == [["bob"]]
    assert bob.get("teams/blue/").status_code == 200
    assert charlie.listed("teams/") == []
    assert charlie.get("teams/blue/").status_code == 404


def test_two_tenants_may_have_teams_of_one_slug(alice: ControlApi, charlie: ControlApi) -> None:
    alice.made("teams/", BLUE)
    charlie.made("teams/", BLUE)
    taken = alice.post("teams/", BLUE)
    assert taken.status_code == 409
    assert problems(taken) == [("slug_taken", "slug")]


def test_a_member_joins_and_leaves_from_the_next_request_on(alice: ControlApi, bob: ControlApi, blue: str) -> None:
    alice.made("spaces/", {"name": "acme_blue", "team": "blue"})
    assert bob.remember("acme_blue") == 201
    assert alice.delete("teams/blue/members/bob/").status_code == 204
    assert bob.recall("acme_blue") == 403
    assert alice.put("teams/blue/members/bob/").json()["members"] == ["bob"]
    assert bob.recall("acme_blue") == 200


def test_joining_twice_is_joining_once(alice: ControlApi, blue: str) -> None:
    assert alice.put("teams/blue/members/bob/").json()["members"] == ["bob"]


def test_only_members_of_the_tenant_join(alice: ControlApi, blue: str) -> None:
    foreign, missing = alice.put("teams/blue/members/charlie/"), alice.put("teams/blue/members/nobody/")
    assert foreign.status_code == missing.status_code == 404
    assert detail(foreign).replace("charlie", "nobody") == detail(missing)


def test_who_is_not_in_the_team_cannot_leave_it(alice: ControlApi, blue: str) -> None:
    assert alice.delete("teams/blue/members/alice/").status_code == 404


def test_another_tenants_team_is_not_found_and_stays_as_it_is(
    alice: ControlApi, charlie: ControlApi, blue: str
) -> None:
    answers = [
        charlie.patch("teams/blue/", {"name": "Mine"}),
        charlie.delete("teams/blue/"),
        charlie.put("teams/blue/members/charlie/"),
        charlie.delete("teams/blue/members/bob/"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
    assert alice.get("teams/blue/").json()["members"] == ["bob"]


def test_a_team_that_owns_spaces_stays_until_it_is_said_where_they_go(alice: ControlApi, blue: str) -> None:
    alice.made("spaces/", {"name": "acme_blue", "team": "blue"})
    alice.made("spaces/", {"name": "acme_blau", "team": "blue"})
    answer = alice.delete("teams/blue/")
    assert answer.status_code == 409
    assert problems(answer) == [("team_owns_spaces", None)]
    assert "owns acme_blau, acme_blue;" in detail(answer)


def test_a_dissolved_teams_spaces_go_to_another(alice: ControlApi, bob: ControlApi, blue: str) -> None:
    alice.made("spaces/", {"name": "acme_blue", "team": "blue"})
    alice.made("teams/", {"slug": "red"})
    assert alice.delete("teams/blue/?move_spaces_to=red").status_code == 204
    assert alice.get("spaces/acme_blue/").json()["team"] == "red"
    assert bob.recall("acme_blue") == 403


def test_a_dissolved_teams_spaces_go_to_none(alice: ControlApi, bob: ControlApi, blue: str) -> None:
    alice.made("spaces/", {"name": "acme_blue", "team": "blue"})
    assert alice.delete("teams/blue/?move_spaces_to=").status_code == 204
    assert alice.get("spaces/acme_blue/").json()["team"] is None
    assert bob.recall("acme_blue") == 200
    assert bob.remember("acme_blue") == 403


@pytest.mark.parametrize("heir", ["blue", "green", "globex-team"])
def test_spaces_go_to_another_team_of_the_tenant_alone(
    alice: ControlApi, charlie: ControlApi, blue: str, heir: str
) -> None:
    charlie.made("teams/", {"slug": "globex-team"})
    alice.made("spaces/", {"name": "acme_blue", "team": "blue"})
    answer = alice.delete(f"teams/blue/?move_spaces_to={heir}")
    assert answer.status_code == 400
    assert problems(answer) == [("unknown_team", "move_spaces_to")]
    assert Space.objects.get(name="acme_blue").team is not None


def test_dissolving_a_team_ends_what_was_granted_to_it(alice: ControlApi, bob: ControlApi, blue: str) -> None:
    alice.made("spaces/acme_s1/grants/", {"team": "blue", "permissions": ["write"]})
    assert bob.remember("acme_s1") == 201
    assert alice.delete("teams/blue/").status_code == 204
    assert bob.remember("acme_s1") == 403
    assert not Grant.objects.filter(space__name="acme_s1").exists()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("required", "slug")),
        ({"slug": "Blue"}, ("invalid", "slug")),
        ({"slug": "b"}, ("invalid", "slug")),
        ({"slug": "blue", "name": ""}, ("blank", "name")),
        ({"slug": "blue", "members": ["bob"]}, ("unknown_field", "members")),
    ],
)
def test_a_field_that_is_not_valid_is_named(alice: ControlApi, body: Any, problem: tuple[str, str]) -> None:
    answer = alice.post("teams/", body)
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_what_nobody_asked_for_is_refused(alice: ControlApi, blue: str) -> None:
    assert problems(alice.delete("teams/blue/?force=1")) == [("unknown_field", "force")]
    assert problems(alice.put("teams/blue/members/bob/", {"role": "lead"})) == [("unknown_field", "role")]
    assert problems(alice.patch("teams/blue/", {})) == [("required", "name")]


def test_teams_are_changed_by_admins_alone(
    bob: ControlApi, application: ControlApi, nobody: ControlApi, blue: str
) -> None:
    assert statuses(bob) == {403}
    assert statuses(application) == {403}
    assert statuses(nobody) == {401}


def test_applications_do_not_see_who_is_in_a_tenant(application: ControlApi, nobody: ControlApi, blue: str) -> None:
    assert application.get("teams/").status_code == 403
    assert application.get("teams/blue/").status_code == 403
    assert nobody.get("teams/").status_code == 401


def test_a_username_with_a_mail_address_joins(world: World, alice: ControlApi, blue: str) -> None:
    make_member("dora+mail@acme.test")
    assert alice.put("teams/blue/members/dora+mail@acme.test/").json()["members"] == ["bob", "dora+mail@acme.test"]
    assert ControlApi(logged_in("dora+mail@acme.test")).get("teams/blue/").status_code == 200


def test_what_is_done_to_teams_is_in_the_trail(alice: ControlApi, blue: str) -> None:
    alice.made("spaces/", {"name": "acme_blue", "team": "blue"})
    alice.patch("teams/blue/", {"name": "Azure"})
    alice.delete("teams/blue/members/bob/")
    alice.delete("teams/blue/?move_spaces_to=")
    assert trail("acme", "create_team") == [("allowed", "blue")]
    assert trail("acme", "add_team_member") == [("allowed", "bob to blue")]
    assert trail("acme", "update_team") == [("allowed", "blue")]
    assert trail("acme", "remove_team_member") == [("allowed", "bob from blue")]
    assert trail("acme", "delete_team") == [("allowed", "blue, spaces to no team: acme_blue")]
