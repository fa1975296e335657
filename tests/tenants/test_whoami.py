"""GET auth/whoami/."""

from rest_framework.test import APIClient

from tenants.limits import installation
from tenants.models import ApiKey, ApiKeySpace
from tests.tenants.asking import bearer, newest_event, pair
from tests.world import PASSWORD, World

URL = "/api/v1/auth/whoami/"


def test_a_key_is_told_its_tenant_its_name_its_spaces_and_their_limits(world: World) -> None:
    limits = installation().limits
    told = world.client("globex").get(URL).json()
    key = ApiKey.objects.get(name="globex")
    assert told["tenant"] == "globex"
    assert told["actor"] == {"kind": "key", "id": str(key.id), "name": "globex"}
    assert {name: held["permissions"] for name, held in told["spaces"].items()} == {
        "acme_shared": ["read"],
        "globex_s1": ["manage", "read", "write"],
    }
    assert told["spaces"]["globex_s1"]["limits"] == {
        "hot_capacity_per_space": limits.hot_capacity_per_space,
        "warm_capacity_per_space": limits.warm_capacity_per_space,
        "cold_capacity_per_space": limits.cold_capacity_per_space,
        "max_spreading_depth": limits.max_spreading_depth,
        "rate_limit_per_space": limits.rate_limit_per_space,
        "max_concurrent_per_space": limits.max_concurrent_per_space,
    }


def test_a_member_is_told_who_they_are(world: World) -> None:
    told = bearer(pair(APIClient(), username="bob", password=PASSWORD)["access"]).get(URL).json()
    assert (told["tenant"], told["actor"]["kind"], told["actor"]["name"]) == ("acme", "member", "bob")


def test_a_narrowed_token_is_told_of_what_it_names(world: World) -> None:
    told = world.client("acme", {"acme_s10": frozenset({"read"})}).get(URL).json()
    assert {name: held["permissions"] for name, held in told["spaces"].items()} == {"acme_s10": ["read"]}


def test_what_was_withdrawn_since_is_not_told_any_more(world: World) -> None:
    client = world.client("acme")
    ApiKeySpace.objects.filter(key__name="acme", space__name="acme_s1").delete()
    ApiKeySpace.objects.filter(key__name="acme", space__name="acme_s10").update(permissions=["read"])
    told = {name: held["permissions"] for name, held in client.get(URL).json()["spaces"].items()}
    assert told == {"acme_s10": ["read"], "acme_shared": ["manage", "read", "write"]}


def test_asking_is_recorded(world: World) -> None:
    world.client("acme").get(URL)
    assert (newest_event("acme").action, newest_event("acme").actor_name) == ("whoami", "acme")
