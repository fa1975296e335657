"""The pages that show memories, asked by people who may not see them: they see nothing, and nothing is changed."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.isolation.pages import READING, SHOWN
from tests.isolation.stage import Stage

CLOSED = {"acme_archived", "acme_erasing"}
ABOUT_A_SPACE = [
    "/spaces/{space}/usage/",
    "/spaces/{space}/usage/part/",
    "/spaces/{space}/transfer/",
    "/spaces/{space}/transfer/imports/",
]
WRITING = {
    "/memories/{space}/{memory}/": {"content": "Taken over.", "kind": "fact", "confidence": "1"},
    "/memories/{space}/{memory}/forget/": {},
    "/memories/{space}/{memory}/link/": {"target": "{target}", "weight": "1"},
    "/memories/{space}/{memory}/unlink/": {"target": "{target}"},
    "/spaces/{space}/transfer/": {},
    "/spaces/{space}/transfer/{memory}/cancel/": {},
}
# Who reaches for which space, and who may read it but not write.
STRANGERS = [
    ("another tenant's admin", "acme_s1"),
    ("another tenant's admin", "acme_lent"),
    ("a member's session", "globex_s1"),
    ("an admin's session", "acme_archived"),
    ("an admin's session", "acme_erasing"),
    ("an admin's session", "hooli_s1"),
]
READERS = [("a member's session", "acme_s1"), ("another tenant's admin", "acme_shared")]


def named(stage: Stage, text: str, space: str) -> str:
    memory, target = stage.memories[space]
    return text.format(space=space, memory=memory, target=target)


def post(stage: Stage, who: str, page: str, space: str) -> int:
    body = urlencode({name: named(stage, value, space) for name, value in WRITING[page].items()})
    stage.client.cookies.clear()
    response = stage.client.generic(
        "POST",
        named(stage, page, space),
        body,
        content_type="application/x-www-form-urlencoded",
        headers=stage.headers[who],
    )
    return int(response.status_code)


@pytest.mark.parametrize("page", READING)
@pytest.mark.parametrize(("who", "space"), STRANGERS)
def test_a_page_shows_a_stranger_nothing_of_a_space(stage: Stage, who: str, space: str, page: str) -> None:
    response = stage.fetch("GET", named(stage, page, space), stage.headers[who])
    assert f"What only {space.upper()} may know." not in response.content.decode()
    assert stage.memories[space][1] not in response.content.decode()


@pytest.mark.parametrize("page", ABOUT_A_SPACE)
@pytest.mark.parametrize(("who", "space"), STRANGERS)
def test_a_stranger_is_told_nothing_about_a_space(stage: Stage, who: str, space: str, page: str) -> None:
    assert stage.fetch("GET", named(stage, page, space), stage.headers[who]).status_code == 403


@pytest.mark.parametrize("page", ABOUT_A_SPACE)
@pytest.mark.parametrize(("who", "space"), READERS)
def test_a_reader_is_told_about_a_space(stage: Stage, who: str, space: str, page: str) -> None:
    assert stage.fetch("GET", named(stage, page, space), stage.headers[who]).status_code == 200


@pytest.mark.parametrize("page", WRITING)
@pytest.mark.parametrize(("who", "space"), STRANGERS + READERS)
def test_a_form_of_somebody_who_may_not_write_changes_nothing(stage: Stage, who: str, space: str, page: str) -> None:
    before = stage.fingerprint()
    assert post(stage, who, page, space) == 403
    assert stage.fingerprint() == before


@pytest.mark.parametrize("page", READING)
@pytest.mark.parametrize(("who", "space"), READERS)
def test_a_page_shows_a_reader_what_may_be_read(stage: Stage, who: str, space: str, page: str) -> None:
    response = stage.fetch("GET", named(stage, page, space), stage.headers[who])
    assert response.status_code == 200
    assert set(stage.memories[space]) & set(re.findall(r"[0-9a-f-]{36}", response.content.decode()))


def test_a_memory_under_another_spaces_name_is_not_there(stage: Stage) -> None:
    memory, _ = stage.memories["acme_s10"]
    response = stage.fetch("GET", f"/memories/acme_s1/{memory}/", stage.headers["an admin's session"])
    assert response.status_code == 404
    assert "ACME_S10" not in response.content.decode()


@pytest.mark.parametrize("page", ["/explore/", "/explore/found/", "/memories/"])
@pytest.mark.parametrize("who", SHOWN)
def test_a_person_is_offered_the_open_spaces_within_their_reach_alone(stage: Stage, who: str, page: str) -> None:
    response = stage.fetch("GET", page, stage.headers[who])
    offered = {name for name in stage.spaces if re.search(rf"\b{name}\b", response.content.decode())}
    assert offered <= SHOWN[who] - CLOSED
    assert page == "/explore/found/" or offered == SHOWN[who] - CLOSED


@pytest.mark.parametrize("page", WRITING)
def test_a_form_without_its_csrf_token_changes_nothing(stage: Stage, page: str) -> None:
    strict = Client(enforce_csrf_checks=True, headers=stage.headers["an admin's session"])
    before = stage.fingerprint()
    assert strict.post(named(stage, page, "acme_s1"), WRITING[page]).status_code == 403
    assert stage.fingerprint() == before
