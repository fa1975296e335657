"""Operators' commands for tenants, teams, people, spaces and keys."""

import json
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tenants.models import ApiKey
from tests.tenants.control_api import ControlApi, trail
from tests.world import World, logged_in

PASSWORD = "quite-a-long-password"


def printed(command: str, *arguments: str) -> str:
    output = StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def answer(command: str, *arguments: str) -> Any:
    return json.loads(printed(command, *arguments, "--json"))


@pytest.fixture
def typed_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password on standard input."""
    monkeypatch.setattr(sys, "stdin", StringIO(f"{PASSWORD}\n"))


def test_a_team_its_space_and_its_member_are_made_at_the_shell(world: World, typed_password: None) -> None:
    team = answer("create_team", "blue", "--tenant", "acme", "--name", "The blue team")
    assert (team["slug"], team["name"], team["tenant"]) == ("blue", "The blue team", "acme")
    space = answer("create_space", "acme_blue", "--tenant", "acme", "--team", "blue")
    assert space["team"] == "blue"
    member = answer("add_member", "dora", "--tenant", "acme", "--team", "blue", "--password-stdin")
    assert (member["role"], member["teams"], member["new_account"]) == ("member", ["blue"], True)
    assert ControlApi(logged_in("dora")).remember("acme_blue") == 201
    assert trail("acme", "add_member") == [("allowed", "dora as member")]


def test_an_admin_is_let_into_another_tenant_with_the_account_they_have(world: World) -> None:
    member = answer("add_member", "charlie", "--tenant", "acme", "--role", "admin")
    assert (member["role"], member["new_account"]) == ("admin", False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add_member", "dora", "--tenant", "acme"], "'dora' is new here and needs a 'password'"),
        (["add_member", "bob", "--tenant", "acme"], "'bob' is a member already"),
        (["add_member", "bob", "--tenant", "globex", "--team", "blue"], "'team' is 'blue'; allowed"),
        (["add_member", "bob", "--tenant", "hooli"], "There is no tenant 'hooli'"),
        (["create_team", "Blue", "--tenant", "acme"], "slug is 'Blue'. A team's slug is"),
        (["create_space", "acme_new", "--tenant", "acme", "--team", "blue"], "'team' is 'blue'; allowed"),
        (["revoke_key", "egk_unknown"], "There is no key unknown"),
        (["list_spaces", "--tenant", "hooli"], "There is no tenant 'hooli'"),
    ],
)
def test_what_will_not_do_is_named(world: World, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        printed(*arguments)


@pytest.mark.parametrize("field", ["prefix", "id"])
def test_a_key_is_revoked_by_its_prefix_or_its_id(world: World, field: str) -> None:
    application = ControlApi(world.client("acme_s1"))
    key = ApiKey.objects.get(name="acme_s1")
    revoked = answer("revoke_key", str(getattr(key, field)))
    assert revoked["name"] == "acme_s1"
    assert revoked["revoked_at"] is not None
    assert application.recall("acme_s1") == 403
    assert trail("acme", "revoke_key") == [("allowed", f"acme_s1 (egk_{key.prefix}_…)")]


def test_a_key_is_revoked_by_all_of_it_too(world: World) -> None:
    assert answer("revoke_key", world.keys["globex"])["name"] == "globex"


def test_tenants_are_listed(world: World) -> None:
    assert [(tenant["slug"], tenant["status"]) for tenant in answer("list_tenants")["results"]] == [
        ("acme", "active"),
        ("globex", "active"),
    ]


def test_spaces_are_listed_by_tenant_with_their_own_limits(world: World) -> None:
    printed("create_space", "acme_below", "--tenant", "acme", "--parent", "acme_s1")
    printed("set_limits", "acme_s1", "rate_limit_per_space=20")
    listed = answer("list_spaces")["results"]
    assert [space["name"] for space in listed] == ["acme_below", "acme_s1", "acme_s10", "acme_shared", "globex_s1"]
    assert listed[0] == {
        "name": "acme_below", "tenant": "acme", "parent": "acme_s1", "team": None, "status": "active", "limits": {},
    }  # fmt: skip
    assert listed[1]["limits"] == {"rate_limit_per_space": 20}
    assert [space["name"] for space in answer("list_spaces", "--tenant", "globex")["results"]] == ["globex_s1"]


def test_a_list_for_people_has_a_column_for_each_name(world: World) -> None:
    heading, *rows = printed("list_spaces").splitlines()
    assert heading.split() == ["name", "tenant", "parent", "team", "status", "limits"]
    assert [row.split() for row in rows] == [
        ["acme_s1", "acme", "active"],
        ["acme_s10", "acme", "active"],
        ["acme_shared", "acme", "active"],
        ["globex_s1", "globex", "active"],
    ]


def test_a_list_of_nothing_is_empty(database: None) -> None:
    assert printed("list_tenants") == ""
    assert answer("list_tenants") == {"results": []}
