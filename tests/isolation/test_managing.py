"""The dashboard's pages and forms, about a space and people of acme, by those who may not."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.isolation.matrix import Subject
from tests.isolation.stage import Stage, make_property

OUTSIDER = "another tenant's admin"
MEMBER = "a member's session"
SPACE = "acme_s1"


@dataclass(frozen=True, slots=True)
class Form:
    """What a page's form sends, the operation that it asks for, and what becomes of it when sent by acme's own member
    (``to_member``) and by another tenant's admin (``to_outsider``): a status, and the reason in the trail."""

    url: Callable[[Subject], str]
    action: str
    to_outsider: tuple[int, str]
    body: Callable[[Subject], dict[str, Any]] = lambda subject: {}
    to_member: tuple[int, str] = (403, "403 permission_denied")

    def __str__(self) -> str:
        return self.action


NOT_COVERED = (403, "403 space_not_covered")
# Said where the form was, after a redirect; no different from what there is not.
NOT_FOUND = (302, "404 not_found")

FORMS = [
    Form(lambda s: f"/spaces/{s.space}/", "update_space", NOT_COVERED, lambda s: {
        "title": "Mine", "text_search": "english"}),
    Form(lambda s: f"/spaces/{s.space}/archive/", "update_space", NOT_COVERED, lambda s: {"status": "archived"}),
    Form(lambda s: f"/spaces/{s.space}/erase/", "erase_space", NOT_COVERED, lambda s: {"confirm": s.space}),
    Form(lambda s: f"/spaces/{s.space}/grants/", "share_space", NOT_COVERED, lambda s: {
        "kind": "tenant", "grantee": "globex", "access": "write"}),
    Form(lambda s: f"/spaces/{s.space}/grants/{s.grant}/", "withdraw_space", NOT_COVERED),
    Form(lambda s: f"/people/members/{s.username}/role/", "update_member", NOT_FOUND, lambda s: {"role": "admin"}),
    Form(lambda s: f"/people/members/{s.username}/remove/", "remove_member", NOT_FOUND),
    Form(lambda s: f"/people/teams/{s.team}/name/", "update_team", NOT_FOUND, lambda s: {"name": "Mine"}),
    Form(lambda s: f"/people/teams/{s.team}/dissolve/", "delete_team", NOT_FOUND),
    Form(lambda s: f"/people/teams/{s.team}/members/", "add_team_member", NOT_FOUND, lambda s: {"username": "charlie"}),
    Form(lambda s: f"/people/teams/{s.team}/members/{s.username}/remove/", "remove_team_member", NOT_FOUND),
    Form(lambda s: f"/keys/{s.key}/", "rotate_key", (404, "404 not_found"), lambda s: {"lifetime": "same", "grace": "0"}),
    Form(lambda s: f"/keys/{s.key}/revoke/", "revoke_key", NOT_FOUND),
    Form(lambda s: f"/signing-keys/{s.signing_key}/", "rotate_signing_key", (404, "404 not_found"), lambda s: {
        "lifetime": "same", "grace": "0"}),
    Form(lambda s: f"/signing-keys/{s.signing_key}/revoke/", "revoke_signing_key", NOT_FOUND),
]  # fmt: skip

# A member sends these in their own tenant, where there is nothing to look up first.
FORMS_OF_ADMINS = [
    ("/spaces/", "create_space", {"name": "acme_new", "text_search": "english"}),
    ("/people/members/", "add_member", {"username": "mallory", "role": "admin", "password": "a-quite-long-password"}),
    ("/people/teams/", "create_team", {"slug": "mine"}),
    ("/keys/", "create_key", {"name": "mine", "spaces": "acme_s1", "permissions": ["read"]}),
    ("/signing-keys/", "create_signing_key", {"name": "mine", "algorithm": "HS256"}),
]
PAGES = [
    ("/spaces/{space}/", 403),
    ("/people/members/{username}/", 404),
    ("/people/teams/{team}/", 404),
    ("/keys/{key}/", 404),
    ("/signing-keys/{signing_key}/", 404),
]
LISTS = ["/spaces/", "/erasures/", "/erasures/part/", "/people/", "/keys/", "/signing-keys/", "/audit/?actor=alice"]


def _subject() -> Subject:
    return Subject(SPACE, "", "", "", "", **make_property(SPACE))


def _send(stage: Stage, who: str, url: str, body: dict[str, Any]) -> tuple[Any, list[tuple[str, str, str]]]:
    """The answer, and what the request left in the trails: action, outcome and reason."""
    request_id = str(uuid4())
    stage.client.cookies.clear()
    response = stage.client.post(url, body, headers={**stage.headers[who], "X-Request-ID": request_id})
    return response, [(row.action, row.outcome, row.reason) for row in stage.trail(request_id)]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_another_tenants_admin_changes_nothing(stage: Stage, form: Form) -> None:
    subject = _subject()
    before = stage.fingerprint()
    response, rows = _send(stage, OUTSIDER, form.url(subject), form.body(subject))
    status, reason = form.to_outsider
    assert response.status_code == status
    assert (form.action, "denied" if reason.startswith("403") else "failed", reason) in rows
    assert stage.fingerprint() == before


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_member_changes_nothing(stage: Stage, form: Form) -> None:
    subject = _subject()
    before = stage.fingerprint()
    response, rows = _send(stage, MEMBER, form.url(subject), form.body(subject))
    status, reason = form.to_member
    assert response.status_code == status
    assert (form.action, "denied", reason) in rows
    assert stage.fingerprint() == before


@pytest.mark.parametrize(("url", "action", "body"), FORMS_OF_ADMINS, ids=[action for _, action, _ in FORMS_OF_ADMINS])
def test_a_member_makes_nothing(stage: Stage, url: str, action: str, body: dict[str, Any]) -> None:
    before = stage.fingerprint()
    response, rows = _send(stage, MEMBER, url, body)
    assert (response.status_code, rows) == (403, [(action, "denied", "403 permission_denied")])
    assert stage.fingerprint() == before


@pytest.mark.parametrize(("url", "status"), PAGES)
def test_another_tenants_page_is_as_unknown_as_one_of_none(stage: Stage, url: str, status: int) -> None:
    there = {"space": SPACE, **make_property(SPACE)}
    nowhere = {"space": "z" * len(SPACE), **{name: str(uuid4()) for name in ("username", "team", "key", "signing_key")}}
    pages = [_page(stage, url, names) for names in (there, nowhere)]
    assert pages[0] == pages[1]
    assert pages[0][0] == status


def _page(stage: Stage, url: str, names: dict[str, str]) -> tuple[int, str]:
    """The status and the text of a page, but for the names that were asked for and the forms' tokens."""
    response = stage.fetch("GET", url.format(**names), stage.headers[OUTSIDER])
    text = re.sub(r'value="\w{64}"', "", response.content.decode())
    return response.status_code, re.sub("|".join(map(re.escape, names.values())), "NAME", text)


@pytest.mark.parametrize("url", LISTS)
def test_a_list_names_nothing_of_another_tenant(stage: Stage, url: str) -> None:
    subject = _subject()
    shown = stage.fetch("GET", url, stage.headers[OUTSIDER])
    assert shown.status_code == 200
    text = shown.content.decode().replace('value="alice"', "").replace("actor=alice", "")
    foreign = ["acme_s10", "acme_archived", subject.team, subject.key, subject.signing_key, "alice", "bob"]
    assert [name for name in foreign if name in text] == []


@pytest.mark.parametrize("url", ["/keys/", "/signing-keys/", "/audit/"])
def test_keys_and_the_trail_are_for_admins_to_see(stage: Stage, url: str) -> None:
    assert stage.fetch("GET", url, stage.headers[MEMBER]).status_code == 403


@pytest.mark.parametrize("who", ["a person of no tenant", "an operator"])
@pytest.mark.parametrize("url", LISTS)
def test_who_is_of_no_tenant_is_told_so_and_nothing_else(stage: Stage, who: str, url: str) -> None:
    shown = stage.fetch("GET", url, stage.headers[who])
    assert "You are not in a tenant yet" in shown.content.decode()
    assert SPACE not in shown.content.decode()
