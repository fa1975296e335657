"""Making API keys, and finding who is behind one."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tenants.callers import operator
from tenants.errors import Invalid, InvalidCredentials, NotFound
from tenants.models import ApiKey, ApiKeySpace, Space
from tenants.services.keys import create_key, verify_key
from tests.tenants.asking import newest_event
from tests.world import ALL, READ, READ_WRITE, World

ROOT = operator("root")


def test_a_key_is_shown_once_and_known_again(world: World) -> None:
    later = timezone.now() + timedelta(days=1)
    made = create_key(ROOT, "acme", {"acme_s1": READ}, name="a backend", expires_at=later)
    found = verify_key(made.api_key)
    assert made.api_key.startswith("egk_")
    assert (found.id, found.name) == (made.id, "a backend")
    assert (made.spaces, made.expires_at) == ({"acme_s1": READ}, later)


def test_no_two_keys_are_alike(world: World) -> None:
    keys = {create_key(ROOT, "acme", {"acme_s1": READ}, name="same").api_key for _ in range(5)}
    assert len({key.split("_", 2)[1] for key in keys}) == len({key.split("_", 2)[2] for key in keys}) == 5


def test_making_a_key_is_in_its_tenants_trail_without_the_key(world: World) -> None:
    create_key(ROOT, "acme", {"acme_s1": READ}, name="a backend")
    event = newest_event("acme")
    assert (event.actor_kind, event.actor_name, event.action, event.target) == (
        "operator",
        "root",
        "create_key",
        "a backend",
    )


def test_a_key_may_name_what_its_tenant_was_granted(world: World) -> None:
    made = create_key(ROOT, "globex", {"acme_shared": READ, "globex_s1": ALL}, name="both")
    assert ApiKeySpace.objects.filter(key_id=made.id).count() == 2


@pytest.mark.parametrize("permissions", [READ_WRITE, ALL])
def test_a_key_has_no_more_than_its_tenant(world: World, permissions: frozenset[str]) -> None:
    with pytest.raises(Invalid, match="The tenant 'globex' holds read on 'acme_shared'; a key cannot have"):
        create_key(ROOT, "globex", {"acme_shared": permissions}, name="greedy")


@pytest.mark.parametrize("space", ["acme_s1", "no_such_space"])
def test_a_key_names_no_space_that_its_tenant_does_not_hold(world: World, space: str) -> None:
    with pytest.raises(Invalid, match=f"The tenant 'globex' has no space '{space}' of its own or shared with it"):
        create_key(ROOT, "globex", {"globex_s1": READ, space: READ}, name="greedy")
    assert not ApiKey.objects.filter(name="greedy").exists()


def test_a_key_is_of_a_tenant_that_exists(world: World) -> None:
    with pytest.raises(NotFound, match="There is no tenant 'initech'"):
        create_key(ROOT, "initech", {"acme_s1": READ}, name="nobody's")


@pytest.mark.parametrize("permissions", [[], ["own"], ["read", "own"]])
def test_the_database_takes_no_permissions_that_do_not_exist(world: World, permissions: list[str]) -> None:
    key, space = ApiKey.objects.get(name="acme_s1"), Space.objects.get(name="acme_s10")
    with pytest.raises(IntegrityError):
        ApiKeySpace.objects.create(key=key, space=space, permissions=permissions)


def test_a_key_of_the_right_prefix_and_another_secret_is_nobodys(world: World) -> None:
    mine, other = world.keys["acme_s1"], world.keys["acme"]
    swapped = "_".join([*mine.split("_", 2)[:2], other.split("_", 2)[2]])
    with pytest.raises(InvalidCredentials):
        verify_key(swapped)
