"""Guessing passwords: slow, at every door, and nobody else is locked out by it."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from tenants.backends import FOR_ALL_NAMES, FOR_ONE_NAME
from tests.tenants.asking import TOKEN, ask, newest_event, problem
from tests.world import PASSWORD, World

TOO_MANY = "Too many wrong passwords came from this address; try again in a minute."


def guess(api: APIClient, username: str = "alice", password: str = "a-guess", address: str = "10.0.0.1") -> Any:
    api.defaults["REMOTE_ADDR"] = address
    return ask(api, TOKEN, username=username, password=password)


def guess_often(api: APIClient) -> None:
    for _ in range(FOR_ONE_NAME.amount):
        assert guess(api).status_code == 401


def test_guesses_at_one_name_are_refused_unheard_after_ten_a_minute(world: World, api: APIClient) -> None:
    guess_often(api)
    refusal = guess(api, password=PASSWORD)
    assert problem(refusal) == (429, "login_limited", None)
    assert refusal.json()["errors"][0]["detail"] == TOO_MANY
    assert refusal.headers["Retry-After"] == "60"


def test_another_address_is_not_held_up(world: World, api: APIClient) -> None:
    guess_often(api)
    assert guess(api, password=PASSWORD, address="10.0.0.2").status_code == 200


def test_another_name_is_not_held_up(world: World, api: APIClient) -> None:
    guess_often(api)
    assert guess(api, username="bob", password=PASSWORD).status_code == 200


def test_guesses_at_many_names_are_refused_too(world: World, api: APIClient) -> None:
    for number in range(FOR_ALL_NAMES.amount):
        guess(api, username=f"somebody-{number}")
    assert problem(guess(api, username="bob", password=PASSWORD)) == (429, "login_limited", None)


def test_right_passwords_are_not_counted(world: World, api: APIClient) -> None:
    answers = {guess(api, password=PASSWORD).status_code for _ in range(FOR_ONE_NAME.amount + 2)}
    assert answers == {200}


@pytest.mark.parametrize("door", ["/login/", "/admin/login/"])
def test_the_pages_say_so_beside_the_form(world: World, door: str) -> None:
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    browser = Client()
    for _ in range(FOR_ONE_NAME.amount):
        assert TOO_MANY not in browser.post(door, {"username": "root", "password": "a-guess"}).content.decode()
    refusal = browser.post(door, {"username": "root", "password": PASSWORD})
    assert refusal.status_code == 200
    assert TOO_MANY in refusal.content.decode()
    assert "sessionid" not in refusal.cookies


def test_a_refusal_at_the_page_is_in_the_tenants_trail(world: World) -> None:
    browser = Client()
    for _ in range(FOR_ONE_NAME.amount + 1):
        browser.post("/login/", {"username": "alice", "password": "a-guess"})
    event = newest_event("acme")
    assert (event.action, event.outcome, event.reason) == ("log_in", "limited", "429 login_limited")
