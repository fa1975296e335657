"""What a space uses of what it may: ``GET spaces/{space}/usage/``."""

import time

from django.db import connection
from rest_framework.test import APIClient

from audit.services.events import recent_events
from memory.models import Tier
from tenants.models import Tenant
from tenants.scope import space_tx
from tenants.services import limiter
from tests.limits import limit_space
from tests.memory.space_api import SpaceApi, problems
from tests.world import World, scope_of

EAST = [1.0, 0.0]
# A vector's numbers, two bytes each, and its header.
VECTOR = 2 * 2 + 8
# Two bytes of code and one of signs, with their headers.
COLD_VECTOR = 15


def test_every_limit_is_shown_with_what_is_used_of_it(plane: SpaceApi) -> None:
    memory_id = plane.remember("Ten bytes.", embedding=EAST)
    answer = plane.get("usage/")
    assert answer.status_code == 200
    assert {name: value for name, value in answer.json().items() if name != "series"} == {
        "space": "acme_plane",
        "hot": {"memories": 1, "capacity": 100_000, "bytes": 10 + 2 + VECTOR, "search": "exact"},
        "warm": {"memories": 0, "capacity": 1_000_000, "bytes": 0, "search": "exact"},
        "cold": {"memories": 0, "capacity": 10_000_000, "bytes": 0, "search": "exact"},
        "total": {"memories": 1, "capacity": 11_100_000},
        "rate": {"used": 2, "limit": 100},
        "concurrency": {"used": 1, "limit": 8},
        "max_spreading_depth": 5,
        "newest_at": plane.get(f"memories/{memory_id}/").json()["created_at"],
    }


def test_an_empty_space_uses_nothing(plane: SpaceApi) -> None:
    used = plane.get("usage/").json()
    assert (
        [used[tier]["memories"] for tier in Tier.values] == [used[tier]["bytes"] for tier in Tier.values] == [0, 0, 0]
    )
    assert (used["total"]["memories"], used["newest_at"]) == (0, None)


def test_memories_are_shown_in_the_tier_that_they_are_in(plane: SpaceApi) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(6)])
    plane.change_row(ids[0], tier=Tier.COLD)
    plane.change_row(ids[1], tier=Tier.WARM)
    plane.change_row(ids[2], tier=Tier.WARM)
    used = plane.get("usage/").json()
    assert [used[tier]["memories"] for tier in ("hot", "warm", "cold")] == [3, 2, 1]
    text = 9 + 2
    assert [used[tier]["bytes"] for tier in ("hot", "warm", "cold")] == [
        3 * (text + VECTOR),
        2 * (text + VECTOR),
        text + COLD_VECTOR,
    ]
    assert used["total"]["memories"] == 6


def test_a_vector_counts_what_the_database_keeps_of_it(acme: SpaceApi) -> None:
    with space_tx(scope_of("acme_s1")), connection.cursor() as cursor:
        cursor.execute(
            "select sum(pg_column_size(e.vector) + octet_length(m.content) + octet_length(m.metadata::text))"
            " from memory_memory m join memory_embedding e on e.space_id = m.space_id and e.memory_id = m.id"
        )
        ((kept,),) = cursor.fetchall()
    assert acme.get("usage/").json()["hot"]["bytes"] == kept


def test_what_is_forgotten_is_used_no_more(plane: SpaceApi) -> None:
    memory_id = plane.remember("Ten bytes.", embedding=EAST)
    plane.delete(f"memories/{memory_id}/")
    used = plane.get("usage/").json()
    assert (used["hot"], used["newest_at"]) == (
        {"memories": 0, "capacity": 100_000, "bytes": 0, "search": "exact"},
        None,
    )


def test_limits_of_the_spaces_own_are_shown(acme: SpaceApi) -> None:
    limit_space(
        "acme_s1",
        hot_capacity_per_space=10,
        warm_capacity_per_space=20,
        cold_capacity_per_space=30,
        max_spreading_depth=3,
        rate_limit_per_space=40,
        max_concurrent_per_space=2,
    )
    used = acme.get("usage/").json()
    assert [used[tier]["capacity"] for tier in ("hot", "warm", "cold", "total")] == [10, 20, 30, 60]
    assert (used["rate"]["limit"], used["concurrency"]["limit"], used["max_spreading_depth"]) == (40, 2, 3)


def test_the_rate_is_that_of_the_running_second(acme: SpaceApi, long_second: float) -> None:
    scope = scope_of("acme_s1")
    limiter.spend(scope, 7)
    assert acme.get("usage/").json()["rate"]["used"] == 8
    time.sleep(long_second)
    assert acme.get("usage/").json()["rate"]["used"] == 1


def test_operations_that_run_are_counted_with_the_question_itself(acme: SpaceApi) -> None:
    scope = scope_of("acme_s1")
    with limiter.occupy(scope), limiter.occupy(scope):
        assert acme.get("usage/").json()["concurrency"]["used"] == 3
    assert acme.get("usage/").json()["concurrency"]["used"] == 1


def test_one_spaces_usage_is_not_anothers(acme: SpaceApi, globex: SpaceApi) -> None:
    acme.batch([{"content": f"Memory {n}."} for n in range(4)])
    assert (acme.get("usage/").json()["total"]["memories"], globex.get("usage/").json()["total"]["memories"]) == (5, 1)


def test_who_reads_a_shared_space_sees_its_usage(world: World) -> None:
    assert SpaceApi("acme_shared", world.client("globex")).get("usage/").json()["total"]["memories"] == 1


def test_who_may_not_read_sees_no_usage(acme: SpaceApi, world: World) -> None:
    strangers = [SpaceApi("acme_s1", client) for client in (world.client("globex"), APIClient())]
    assert [stranger.get("usage/").status_code for stranger in strangers] == [403, 401]
    writer = SpaceApi("acme_s1", world.client("acme", {"acme_s1": frozenset({"write"})}))
    assert problems(writer.get("usage/")) == [("permission_denied", None)]


def test_looking_is_in_the_audit_trail(acme: SpaceApi) -> None:
    acme.get("usage/")
    (event,) = recent_events(Tenant.objects.get(slug="acme").id, 1)
    assert (event.action, event.space, event.outcome) == ("read_usage", "acme_s1", "allowed")


def test_a_parameter_that_there_is_not_is_refused(acme: SpaceApi) -> None:
    answer = acme.get("usage/", since="yesterday")
    assert (answer.status_code, problems(answer)) == (400, [("unknown_field", "since")])
