"""Changing one's own password in the dashboard."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from tenants.backends import FOR_ONE_NAME
from tests.tenants.asking import REFRESH, TOKEN, ask, newest_event, pair
from tests.world import PASSWORD, World

NEW = "another-password-for-tests"
CHANGE = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


@pytest.fixture
def alice(world: World) -> Client:
    client = Client()
    assert client.post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 302
    return client


def test_the_new_password_logs_in_and_the_old_one_no_longer(alice: Client, api: APIClient) -> None:
    alice.post("/password/", CHANGE)
    assert newest_event("acme").action == "change_password"
    assert ask(api, TOKEN, username="alice", password=NEW).status_code == 200
    assert ask(api, TOKEN, username="alice", password=PASSWORD).status_code == 401


def test_other_sessions_end_and_this_one_goes_on(alice: Client) -> None:
    other = Client()
    other.post("/login/", {"username": "alice", "password": PASSWORD})
    assert other.get("/").status_code == 200
    alice.post("/password/", CHANGE)
    assert other.get("/").status_code == 302
    assert "Your password is changed." in alice.get("/").content.decode()


def test_refresh_tokens_of_that_login_end_and_no_others(alice: Client, api: APIClient) -> None:
    hers = pair(api, username="alice", password=PASSWORD)["refresh"]
    his = pair(api, username="bob", password=PASSWORD)["refresh"]
    alice.post("/password/", CHANGE)
    assert ask(api, REFRESH, refresh=hers).status_code == 401
    assert ask(api, REFRESH, refresh=his).status_code == 200


def test_an_operator_who_sets_it_ends_them_too(operator: Client, api: APIClient) -> None:
    hers = pair(api, username="alice", password=PASSWORD)["refresh"]
    path = f"/admin/auth/user/{get_user_model().objects.get(username='alice').pk}/password/"
    asked = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert operator.post(path, asked).status_code == 302
    assert ask(api, TOKEN, username="alice", password=NEW).status_code == 200
    assert ask(api, REFRESH, refresh=hers).status_code == 401


def test_a_wrong_old_password_changes_nothing_and_is_said_beside_its_field(alice: Client) -> None:
    answer = alice.post("/password/", {**CHANGE, "old_password": "not-her-password"})
    assert list(answer.context["form"].errors) == ["old_password"]
    assert "Your old password was entered incorrectly" in answer.content.decode()
    assert (newest_event("acme").outcome, newest_event("acme").target) == ("denied", "alice")
    assert get_user_model().objects.get(username="alice").check_password(PASSWORD)


def test_the_old_password_is_guessed_at_the_pace_of_the_other_doors(alice: Client) -> None:
    for _ in range(FOR_ONE_NAME.amount):
        alice.post("/password/", {**CHANGE, "old_password": "a-guess"})
    answer = alice.post("/password/", CHANGE)
    assert "Too many wrong passwords" in answer.context["form"].errors["old_password"][0]
    assert newest_event("acme").outcome == "limited"
    assert get_user_model().objects.get(username="alice").check_password(PASSWORD)


@pytest.mark.parametrize(("first", "second"), [("short", "short"), (NEW, "a-slip-of-the-finger")])
def test_a_new_password_that_will_not_do_is_said_beside_its_field(alice: Client, first: str, second: str) -> None:
    answer = alice.post("/password/", {**CHANGE, "new_password1": first, "new_password2": second})
    assert list(answer.context["form"].errors) == ["new_password2"]
    assert get_user_model().objects.get(username="alice").check_password(PASSWORD)


def test_the_page_is_linked_beside_logging_out(alice: Client) -> None:
    assert '<a href="/password/">Change password</a>' in alice.get("/").content.decode()
    assert "no-store" in alice.get("/password/").headers["Cache-Control"]
