"""An organisation's space, its teams' spaces below, and what moves between them."""

from typing import Any

import pytest

from tenants.models import Grant, Space
from tests.memory.parallel import at_once
from tests.memory.space_api import detail, problems
from tests.tenants.backends import bearer, with_secret
from tests.tenants.control_api import ControlApi, trail
from tests.world import ALL, READ, READ_WRITE, World, logged_in, make_member, with_login_token


@pytest.fixture
def organisation(alice: ControlApi) -> None:
    """``org`` with ``team_a`` and ``team_b`` below it, a space of either team's below that; Ada is in team A, Ben in B."""
    alice.made("teams/", {"slug": "team-a"})
    alice.made("teams/", {"slug": "team-b"})
    alice.made("spaces/", {"name": "org"})
    alice.made("spaces/", {"name": "team_a", "parent": "org", "team": "team-a"})
    alice.made("spaces/", {"name": "team_b", "parent": "org", "team": "team-b"})
    alice.made("spaces/", {"name": "team_a_notes", "parent": "team_a"})
    make_member("ada", team="team-a")
    make_member("ben", team="team-b")


@pytest.fixture
def ada(organisation: None) -> ControlApi:
    return ControlApi(logged_in("ada"))


def moved(caller: ControlApi, space: str, **changes: Any) -> Any:
    return caller.patch(f"spaces/{space}/", changes)


def test_a_team_reads_and_writes_its_own_space_and_reads_the_one_above(ada: ControlApi) -> None:
    assert ada.remember("team_a") == 201
    assert ada.recall("team_a") == 200
    assert ada.recall("org") == 200
    assert ada.remember("org") == 403


def test_a_siblings_space_is_out_of_reach_as_if_there_were_none(ada: ControlApi) -> None:
    sibling = ada.post("spaces/team_b/recall/", {"query": "anything"})
    missing = ada.post("spaces/team_c/recall/", {"query": "anything"})
    assert sibling.status_code == missing.status_code == 403
    assert problems(sibling) == problems(missing) == [("space_not_covered", None)]
    assert detail(sibling) == detail(missing)
    assert ada.get("spaces/team_b/").status_code == 403
    assert "team_b" not in ada.spaces()


def test_a_space_without_a_team_belongs_to_the_nearest_above_that_has_one(ada: ControlApi) -> None:
    assert ada.remember("team_a_notes") == 201
    assert ControlApi(logged_in("ben")).recall("team_a_notes") == 403


def test_a_team_below_reads_what_stands_above_it(alice: ControlApi, organisation: None) -> None:
    moved(alice, "team_a_notes", team="team-b")
    ben = ControlApi(logged_in("ben"))
    assert ben.remember("team_a_notes") == 201
    assert ben.recall("team_a") == 200
    assert ben.remember("team_a") == 403


def test_who_is_in_no_team_reads_what_belongs_to_none(bob: ControlApi, organisation: None) -> None:
    assert bob.spaces() == {"org": ["read"], "acme_s1": ["read"], "acme_s10": ["read"], "acme_shared": ["read"]}


def test_an_admin_manages_every_space_of_the_tenant_and_no_other(alice: ControlApi, organisation: None) -> None:
    every = {"org", "team_a", "team_b", "team_a_notes", "acme_s1", "acme_s10", "acme_shared"}
    assert alice.spaces() == {space: ["manage", "read", "write"] for space in every}


def test_a_token_of_a_login_names_what_its_holder_may_touch(organisation: None) -> None:
    ada = ControlApi(with_login_token("ada"))
    assert ada.spaces() == {
        "org": ["read"],
        "team_a": ["read", "write"],
        "team_a_notes": ["read", "write"],
        "acme_s1": ["read"],
        "acme_s10": ["read"],
        "acme_shared": ["read"],
    }


def test_a_space_shows_its_place_in_the_hierarchy(alice: ControlApi, organisation: None) -> None:
    space = alice.get("spaces/team_a/").json()
    assert (space["parent"], space["team"], space["status"]) == ("org", "team-a", "active")


def test_what_is_granted_adds_to_what_a_team_has(alice: ControlApi, ada: ControlApi) -> None:
    alice.made("spaces/team_b/grants/", {"team": "team-a", "permissions": ["read"]})
    alice.made("spaces/team_b/grants/", {"member": "ada", "permissions": ["write"]})
    alice.made("spaces/org/grants/", {"member": "ada", "permissions": ["write"]})
    assert ada.spaces()["team_b"] == ["read", "write"]
    assert ada.spaces()["org"] == ["read", "write"]


def test_a_moved_space_is_its_new_teams_from_the_next_request_on(alice: ControlApi, ada: ControlApi) -> None:
    assert moved(alice, "team_a_notes", parent="team_b").json()["parent"] == "team_b"
    assert ada.recall("team_a_notes") == 403
    assert ControlApi(logged_in("ben")).remember("team_a_notes") == 201


def test_a_space_goes_to_the_top_and_to_no_team(alice: ControlApi, bob: ControlApi, organisation: None) -> None:
    answer = moved(alice, "team_a", parent=None, team=None)
    assert (answer.json()["parent"], answer.json()["team"]) == (None, None)
    assert bob.recall("team_a") == 200


@pytest.mark.parametrize("parent", ["org", "team_a", "team_a_notes"])
def test_a_space_never_stands_below_itself(alice: ControlApi, organisation: None, parent: str) -> None:
    answer = moved(alice, "org", parent=parent)
    assert answer.status_code == 400
    assert problems(answer) == [("circle", "parent")]
    assert Space.objects.get(name="org").parent is None


def test_two_moves_at_once_make_no_circle(alice: ControlApi, organisation: None) -> None:
    other = ControlApi(logged_in("alice"))
    answers = at_once(
        lambda: moved(alice, "team_a", parent="team_b"),
        lambda: moved(other, "team_b", parent="team_a"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    parents = set(Space.objects.filter(name__in=["team_a", "team_b"]).values_list("name", "parent__name"))
    assert parents in ({("team_a", "team_b"), ("team_b", "org")}, {("team_b", "team_a"), ("team_a", "org")})


def test_a_move_waits_for_another_in_its_tenant_alone(
    alice: ControlApi, charlie: ControlApi, organisation: None
) -> None:
    charlie.made("spaces/", {"name": "globex_top"})
    answers = at_once(
        lambda: moved(alice, "team_a", parent="team_b"),
        lambda: moved(charlie, "globex_s1", parent="globex_top"),
    )
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"parent": "globex_s1"}, ("unknown_parent", "parent")),
        ({"parent": "nowhere"}, ("unknown_parent", "parent")),
        ({"parent": ""}, ("blank", "parent")),
        ({"team": "globex-team"}, ("unknown_team", "team")),
        ({"team": "nobody"}, ("unknown_team", "team")),
        ({"status": "erasing"}, ("invalid_choice", "status")),
        ({"name": "another"}, ("unknown_field", "name")),
        ({"tenant": "globex"}, ("unknown_field", "tenant")),
    ],
)
def test_a_change_that_will_not_do_is_named(
    alice: ControlApi, charlie: ControlApi, changes: Any, problem: tuple[str, str]
) -> None:
    charlie.made("teams/", {"slug": "globex-team"})
    answer = alice.patch("spaces/acme_s1/", changes)
    assert answer.status_code == 400
    assert problems(answer) == [problem]


def test_a_space_is_made_below_its_own_tenants_spaces_and_for_its_teams_alone(
    alice: ControlApi, charlie: ControlApi, organisation: None
) -> None:
    moved(alice, "team_a_notes", status="archived")
    answers = [
        charlie.post("spaces/", {"name": "globex_new", "parent": "org"}),
        charlie.post("spaces/", {"name": "globex_new", "team": "team-a"}),
        alice.post("spaces/", {"name": "acme_new", "parent": "team_a_notes"}),
    ]
    assert [problems(answer) for answer in answers] == [
        [("unknown_parent", "parent")],
        [("unknown_team", "team")],
        [("parent_archived", "parent")],
    ]


def test_an_archived_space_refuses_all_but_a_look_and_its_return(alice: ControlApi, ada: ControlApi) -> None:
    assert moved(alice, "team_a_notes", status="archived").json()["status"] == "archived"
    refused = ada.post("spaces/team_a_notes/recall/", {"query": "anything"})
    assert problems(refused) == [("space_archived", None)]
    shared = alice.post("spaces/team_a_notes/grants/", {"member": "ada", "permissions": ["read"]})
    assert problems(shared) == [("space_archived", None)]
    assert ada.get("spaces/team_a_notes/").json()["status"] == "archived"
    assert moved(ada, "team_a_notes", status="active").status_code == 403
    assert moved(alice, "team_a_notes", title="Put away").json()["title"] == "Put away"
    assert moved(alice, "team_a_notes", status="active").json()["status"] == "active"
    assert ada.recall("team_a_notes") == 200


def test_whom_an_archived_space_is_shared_with_is_told_and_taken_back(alice: ControlApi, organisation: None) -> None:
    grant = alice.made("spaces/team_a_notes/grants/", {"tenant": "globex", "permissions": ["read"]})
    moved(alice, "team_a_notes", status="archived")
    assert alice.listed("spaces/team_a_notes/grants/") == [grant]
    assert alice.delete(f"spaces/team_a_notes/grants/{grant['id']}/").status_code == 204
    moved(alice, "team_a_notes", status="active")
    assert alice.listed("spaces/team_a_notes/grants/") == []


def test_a_space_with_active_ones_below_is_not_archived(alice: ControlApi, organisation: None) -> None:
    answer = moved(alice, "org", status="archived")
    assert answer.status_code == 409
    assert problems(answer) == [("has_active_children", "status")]
    assert "team_a, team_b" in detail(answer)
    assert [
        moved(alice, space, status="archived").status_code for space in ("team_a_notes", "team_a", "team_b", "org")
    ] == [200] * 4


def test_a_space_does_not_return_below_an_archived_one_unless_it_moves(alice: ControlApi, organisation: None) -> None:
    moved(alice, "team_a_notes", status="archived")
    moved(alice, "team_a", status="archived")
    answer = moved(alice, "team_a_notes", status="active")
    assert answer.status_code == 409
    assert problems(answer) == [("parent_archived", "status")]
    assert moved(alice, "team_a_notes", status="active", parent="org").status_code == 200


def test_a_space_does_not_move_below_an_archived_one(alice: ControlApi, organisation: None) -> None:
    moved(alice, "team_a_notes", status="archived")
    answer = moved(alice, "team_b", parent="team_a_notes")
    assert answer.status_code == 400
    assert problems(answer) == [("parent_archived", "parent")]


def test_archiving_and_moving_below_at_once_leave_no_active_space_below_an_archived_one(
    alice: ControlApi, organisation: None
) -> None:
    other = ControlApi(logged_in("alice"))
    answers = at_once(
        lambda: moved(alice, "team_b", status="archived"),
        lambda: moved(other, "team_a_notes", parent="team_b"),
    )
    assert 200 in {answer.status_code for answer in answers}
    assert not Space.objects.filter(status="active", parent__status="archived").exists()


def test_a_token_names_an_archived_space_only_when_asked_to(alice: ControlApi, organisation: None) -> None:
    moved(alice, "team_a_notes", status="archived")
    assert "team_a_notes" not in ControlApi(with_login_token("alice")).spaces()
    asked = ControlApi(with_login_token("alice", {"team_a_notes": frozenset({"manage"})}))
    assert moved(asked, "team_a_notes", status="active").status_code == 200


def test_an_application_moves_a_space_below_one_that_it_manages_too(application: ControlApi, world: World) -> None:
    assert moved(application, "acme_s10", parent="acme_s1").json()["parent"] == "acme_s1"
    narrowed = ControlApi(world.client("acme", {"acme_s10": frozenset({"manage", "read"}), "acme_shared": READ_WRITE}))
    assert problems(moved(narrowed, "acme_s10", parent="acme_shared")) == [("permission_denied", None)]
    assert problems(moved(narrowed, "acme_s10", parent="acme_s1")) == [("space_not_covered", None)]
    assert problems(moved(narrowed, "acme_s10", parent=None)) == [("permission_denied", "parent")]


def test_a_space_changes_teams_by_an_admin_alone(
    alice: ControlApi, application: ControlApi, organisation: None
) -> None:
    narrowed = ControlApi(with_login_token("alice", {"acme_s1": ALL}))
    answers = [
        moved(application, "acme_s1", team="team-a"),
        moved(application, "acme_s1", team=None),
        moved(narrowed, "acme_s1", team="team-a"),
        moved(ControlApi(bearer(with_secret().token(permissions=["manage"]))), "acme_s1", team="team-a"),
        application.post("spaces/", {"name": "acme_below", "parent": "acme_s1", "team": "team-a"}),
    ]
    assert [(answer.status_code, problems(answer)) for answer in answers] == [
        (403, [("permission_denied", "team")])
    ] * 5
    assert not Space.objects.filter(name="acme_below").exists()
    assert moved(alice, "acme_s1", team="team-a").json()["team"] == "team-a"


def test_a_member_moves_a_space_no_further_than_below_what_they_manage(alice: ControlApi, ada: ControlApi) -> None:
    alice.made("spaces/team_a_notes/grants/", {"member": "ada", "permissions": ["read"]})
    # The API grants no such thing; whoever puts it into the database still does not widen a team's reach.
    Grant.objects.filter(space__name="team_a_notes").update(permissions=["read", "manage"])
    assert problems(moved(ada, "team_a_notes", parent="team_b")) == [("space_not_covered", None)]
    assert problems(moved(ada, "team_a_notes", parent="org")) == [("permission_denied", None)]
    assert problems(moved(ada, "team_a_notes", parent=None)) == [("permission_denied", "parent")]
    assert problems(moved(ada, "team_a_notes", team="team-b")) == [("permission_denied", "team")]
    assert moved(ada, "team_a_notes", title="Notes").status_code == 200


def test_an_admins_narrowed_token_moves_a_space_no_further_than_it_reaches(alice: ControlApi) -> None:
    narrowed = ControlApi(with_login_token("alice", {"acme_s10": ALL, "acme_s1": ALL}))
    assert moved(narrowed, "acme_s10", parent="acme_s1").json()["parent"] == "acme_s1"
    assert problems(moved(narrowed, "acme_s10", parent="acme_shared")) == [("space_not_covered", None)]
    assert problems(moved(narrowed, "acme_s10", parent=None)) == [("permission_denied", "parent")]
    assert moved(ControlApi(with_login_token("alice")), "acme_s10", parent=None).json()["parent"] is None


def test_an_application_archives_what_it_manages(application: ControlApi, world: World) -> None:
    assert moved(application, "acme_s10", status="archived").status_code == 200
    assert moved(application, "acme_s10", status="active").status_code == 200
    reader = ControlApi(world.client("acme", {"acme_s10": READ}))
    assert moved(reader, "acme_s10", status="archived").status_code == 403


def test_members_and_other_tenants_move_nothing(ada: ControlApi, charlie: ControlApi, nobody: ControlApi) -> None:
    assert moved(ada, "team_a", parent=None).status_code == 403
    assert moved(ada, "team_a", team=None).status_code == 403
    assert moved(charlie, "team_a", team=None).status_code == 403
    assert moved(charlie, "acme_shared", status="archived").status_code == 403
    assert moved(nobody, "team_a", team=None).status_code == 401


def test_a_space_that_is_being_erased_does_not_change(alice: ControlApi) -> None:
    Space.objects.filter(name="acme_s1").update(status=Space.Status.ERASING)
    answers = [moved(alice, "acme_s1", status="active"), alice.get("spaces/acme_s1/")]
    assert [problems(answer) for answer in answers] == [[("space_erasing", None)], [("space_erasing", None)]]
    assert problems(moved(alice, "acme_s10", parent="acme_s1")) == [("unknown_parent", "parent")]


def test_a_change_is_in_the_trail_by_the_names_of_what_changed(alice: ControlApi, organisation: None) -> None:
    moved(alice, "team_a", parent=None, team=None, title="A secret plan")
    assert trail("acme", "update_space") == [("allowed", "parent, team, title")]
