"""Changing the installation's keys: what the old ones signed and sealed holds as long as they are still named."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from tenants import tokens
from tenants.errors import InvalidToken
from tenants.sealing import SealBroken, seal, unseal
from tests.world import World, logged_in

WHOAMI = "/api/v1/auth/whoami/"
NEW_KEY = "another-key-of-more-than-thirty-two-bytes"


@pytest.fixture(autouse=True)
def read_anew() -> Iterator[None]:
    yield
    tokens._backends.cache_clear()


def rotate(settings: LazySettings, *, keep_old: bool = True) -> None:
    """What a restart does with a new ``ENGRAM_SIGNING_KEY``."""
    settings.TOKEN_PREVIOUS_SIGNING_KEYS = [settings.TOKEN_SIGNING_KEY] if keep_old else []
    settings.TOKEN_SIGNING_KEY = NEW_KEY
    tokens._backends.cache_clear()


def status(token: str) -> int:
    return int(Client().get(WHOAMI, headers={"Authorization": f"Bearer {token}"}).status_code)


def test_a_token_of_the_old_key_holds_and_new_ones_are_signed_with_the_new(
    world: World, settings: LazySettings
) -> None:
    old = world.token("acme")
    rotate(settings)
    new = world.token("acme")
    assert [status(old), status(new)] == [200, 200]
    settings.TOKEN_PREVIOUS_SIGNING_KEYS = []
    tokens._backends.cache_clear()
    assert [status(old), status(new)] == [401, 200]


def test_a_refresh_token_of_the_old_key_is_exchanged_for_one_of_the_new(world: World, settings: LazySettings) -> None:
    pair = APIClient().post("/api/v1/auth/token/", {"api_key": world.keys["acme"]}, format="json").json()
    rotate(settings)
    answer = APIClient().post("/api/v1/auth/token/refresh/", {"refresh": pair["refresh"]}, format="json")
    assert answer.status_code == 200
    settings.TOKEN_PREVIOUS_SIGNING_KEYS = []
    tokens._backends.cache_clear()
    assert status(answer.json()["access"]) == 200


def test_a_key_that_leaked_is_dropped_at_once(world: World, settings: LazySettings) -> None:
    old = world.token("acme")
    rotate(settings, keep_old=False)
    assert status(old) == 401


def test_a_key_that_was_never_ours_signs_nothing(world: World, settings: LazySettings) -> None:
    rotate(settings)
    signed = tokens.sign_refresh(uuid4())
    settings.TOKEN_SIGNING_KEY, settings.TOKEN_PREVIOUS_SIGNING_KEYS = "x" * 40, ["y" * 40]
    tokens._backends.cache_clear()
    with pytest.raises(InvalidToken):
        tokens.read_refresh(signed)


def test_a_session_outlives_a_change_of_the_secret_key(world: World, settings: LazySettings) -> None:
    alice = logged_in("alice")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], NEW_KEY
    assert alice.get(WHOAMI).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []


def test_without_the_old_secret_key_a_session_ends(world: World, settings: LazySettings) -> None:
    alice = logged_in("alice")
    settings.SECRET_KEY = NEW_KEY
    assert alice.get(WHOAMI).status_code == 401


def test_a_sealed_secret_opens_under_the_old_key_and_is_sealed_under_the_new(settings: LazySettings) -> None:
    old = seal(b"a tenant's secret")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], NEW_KEY
    new = seal(b"another")
    assert (unseal(old), unseal(new)) == (b"a tenant's secret", b"another")
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(new) == b"another"
    with pytest.raises(SealBroken, match="nor a previous one"):
        unseal(old)
