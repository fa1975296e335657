"""Operators' commands: what they print for a person and for a script, and how they refuse."""

import io
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from tenants.models import ApiKey, Grant, Space, Tenant
from tests.tenants.asking import newest_event, pair
from tests.world import World


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def answer(*arguments: str) -> Any:
    """The one JSON object that ``--json`` prints."""
    return json.loads(run(*arguments, "--json"))


def told(*arguments: str) -> dict[str, str]:
    """What a person reads, by the first word of each line."""
    return dict(re.findall(r"^(\S+) *(.*)$", run(*arguments), re.MULTILINE))


def test_create_tenant_makes_it_with_its_admin(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    made = answer("create_tenant", "initech", "--name", "Initech", "--admin", "peter", "--password-stdin")
    assert made.pop("id") == str(Tenant.objects.get(slug="initech").id)
    assert made == {"slug": "initech", "name": "Initech", "status": "active", "admin": "peter"}
    assert get_user_model().objects.get(username="peter").check_password("correct horse battery")


def test_create_tenant_is_told_to_a_person_line_by_line(database: None) -> None:
    lines = told("create_tenant", "initech")
    assert (lines["slug"], lines["name"], lines["status"], lines["admin"]) == ("initech", "initech", "active", "")


def test_create_space_makes_it_below_its_parent(world: World) -> None:
    made = answer("create_space", "acme_new", "--tenant", "acme", "--parent", "acme_s1", "--title", "New")
    space = Space.objects.get(name="acme_new")
    assert (made["id"], made["owner"], made["parent"], made["title"]) == (str(space.id), "acme", "acme_s1", "New")
    event = newest_event("acme")
    assert (event.actor_kind, event.action, event.space) == ("operator", "create_space", "acme_new")


def test_create_key_prints_a_key_that_works(world: World) -> None:
    made = answer("create_key", "--tenant", "acme", "--space", "acme_s1=read,write", "acme_s10=read", "--days", "30")
    assert made["spaces"] == {"acme_s1": ["read", "write"], "acme_s10": ["read"]}
    assert (made["tenant"], made["name"]) == ("acme", "key")
    assert made["expires_at"]
    assert pair(APIClient(), api_key=made["api_key"])["spaces"] == made["spaces"]


def test_create_key_says_its_spaces_to_a_person_in_one_line(world: World) -> None:
    lines = told("create_key", "--tenant", "acme", "--space", "acme_s1=write,read", "acme_s10=read", "--name", "me")
    assert (lines["name"], lines["spaces"]) == ("me", "acme_s1=read,write; acme_s10=read")
    assert lines["api_key"].startswith("egk_")


def test_share_space_shares_and_takes_back(world: World) -> None:
    assert answer("share_space", "acme_s1", "--with", "globex") == {
        "space": "acme_s1", "tenant": "globex", "permissions": ["read"],
    }  # fmt: skip
    assert answer("share_space", "acme_s1", "--with", "globex", "--write")["permissions"] == ["read", "write"]
    assert answer("share_space", "acme_s1", "--with", "globex", "--withdraw")["permissions"] == []
    assert not Grant.objects.filter(space__name="acme_s1").exists()


def test_suspend_tenant_shuts_it_out_and_lets_it_in_again(world: World) -> None:
    assert answer("suspend_tenant", "acme")["status"] == "suspended"
    assert Tenant.objects.get(slug="acme").status == "suspended"
    assert answer("suspend_tenant", "acme", "--resume")["status"] == "active"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create_tenant", "Initech"], "slug is 'Initech'. A tenant's slug is 2 to 63 characters"),
        (["create_tenant", "i"], "slug is 'i'. A tenant's slug is 2 to 63 characters"),
        (["create_tenant", "acme"], "The slug 'acme' is taken."),
        (["create_space", "Acme New", "--tenant", "acme"], "name is 'Acme New'. A space's name is 3 to 64 characters"),
        (["create_space", "acme_s1", "--tenant", "acme"], "The name 'acme_s1' is taken."),
        (["create_space", "acme_new", "--tenant", "initech"], "There is no tenant 'initech'."),
        (["create_space", "acme_new", "--tenant", "acme", "--parent", "globex_s1"], "'parent' is 'globex_s1'; allowed:"),
        (["create_space", "acme_new"], "the following arguments are required: --tenant"),
        (["create_key", "--tenant", "acme", "--space", "acme_s1"], "--space is 'acme_s1'; allowed: NAME=read,write,manage"),
        (["create_key", "--tenant", "acme", "--space", "acme_s1="], "--space is 'acme_s1='; allowed: NAME=read,write,manage"),
        (["create_key", "--tenant", "acme", "--space", "=read"], "--space is '=read'; allowed: NAME=read,write,manage"),
        (["create_key", "--tenant", "acme", "--space", "acme_s1=own"], "--space is 'acme_s1=own'; allowed:"),
        (["create_key", "--tenant", "acme", "--space", "globex_s1=read"], "The tenant 'acme' has no space 'globex_s1'"),
        (["create_key", "--tenant", "globex", "--space", "acme_shared=write"], "The tenant 'globex' holds read on 'acme_shared'"),
        (["create_key", "--tenant", "acme", "--space", "acme_s1=read", "--days", "0"], "--days is 0; allowed: 1 to 3650."),
        (["create_key", "--tenant", "acme", "--space", "acme_s1=read", "--days", "3651"], "--days is 3651; allowed: 1 to 3650."),
        (["share_space", "no_such_space", "--with", "globex"], "There is no space 'no_such_space'."),
        (["share_space", "acme_s1", "--with", "acme"], "The space 'acme_s1' belongs to 'acme' already"),
        (["share_space", "acme_s1", "--with", "globex", "--withdraw"], "The space 'acme_s1' is not shared with 'globex'."),
        (["share_space", "acme_s1", "--with", "globex", "--withdraw", "--write"], "not allowed with argument"),
        (["suspend_tenant", "initech"], "There is no tenant 'initech'."),
    ],
)  # fmt: skip
def test_a_command_refuses_in_one_sentence_and_changes_nothing(
    world: World, arguments: list[str], sentence: str
) -> None:
    before = _counts()
    with pytest.raises(CommandError) as error:
        call_command(*arguments)
    assert sentence in str(error.value)
    assert _counts() == before


def _counts() -> list[int]:
    return [model.objects.count() for model in (Tenant, Space, ApiKey, Grant)]


@pytest.mark.parametrize("password", ["", "short", "1234567890", "password123"])
def test_a_password_that_will_not_do_makes_no_tenant(
    database: None, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError, match=r"The password will not do: .+"):
        call_command("create_tenant", "initech", "--admin", "peter", "--password-stdin")
    assert not Tenant.objects.exists()


def test_commands_run_from_the_shell_as_the_apps_role(world: World) -> None:
    def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=os.environ, capture_output=True, text=True, check=False
        )

    made = shell("create_key", "--tenant", "acme", "--space", "acme_s1=read", "--json")
    refused = shell("create_key", "--tenant", "acme", "--space", "globex_s1=read", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["api_key"].startswith("egk_")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.strip() == (
        "CommandError: The tenant 'acme' has no space 'globex_s1' of its own or shared with it."
    )
