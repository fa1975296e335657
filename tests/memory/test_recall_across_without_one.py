"""Recall over several spaces of which one does not answer: it says why, and the others answer."""

from typing import Any

import pytest
from django.db import connection

from memory import queries
from memory.services import recall as recalling
from memory.services import recall_across
from tenants.callers import operator
from tenants.models import Space
from tenants.scope import SpaceScope
from tenants.services import limiter
from tenants.services.keys import create_key
from tenants.services.sharing import withdraw_space
from tests.limits import limit_space, refusals
from tests.memory.across import ACME, asked, hang, met, spaces_of
from tests.memory.space_api import SpaceApi, space_of_vectors
from tests.world import World, scope_of

pytestmark = pytest.mark.usefixtures("patient")


def test_a_space_withdrawn_since_is_reported_and_the_others_answer(world: World) -> None:
    client = world.client("globex")
    withdraw_space(operator("tests"), "acme_shared", "globex")
    named = asked(client, spaces=["acme_shared", "globex_s1"])
    assert met(named) == {"acme_shared": "access_withdrawn", "globex_s1": None}
    assert spaces_of(named) == ["globex_s1"]
    assert met(asked(client)) == {"globex_s1": None}
    assert refusals("globex") == [("recall", "acme_shared", "denied", "403 access_withdrawn")]


@pytest.mark.parametrize(("status", "code"), [("archived", "space_archived"), ("erasing", "space_erasing")])
def test_a_space_that_is_not_active_is_reported_and_the_others_answer(world: World, status: str, code: str) -> None:
    client = world.client("acme")
    Space.objects.filter(name="acme_s10").update(status=status)
    named = asked(client, spaces=["acme_s1", "acme_s10"])
    assert met(named) == {"acme_s1": None, "acme_s10": code}
    assert spaces_of(named) == ["acme_s1"]
    assert met(asked(client)) == {"acme_s1": None, "acme_shared": None}


@pytest.mark.usefixtures("endless_second")
def test_a_space_whose_rate_is_used_up_is_reported_and_the_others_answer(world: World) -> None:
    limit_space("acme_s10", rate_limit_per_space=1)
    client = world.client("acme")
    assert met(asked(client)) == {"acme_s1": None, "acme_s10": None, "acme_shared": None}
    limited = asked(client)
    assert met(limited) == {"acme_s1": None, "acme_s10": "rate_limited", "acme_shared": None}
    assert sorted(spaces_of(limited)) == ["acme_s1", "acme_shared"]
    assert refusals("acme") == [("recall", "acme_s10", "limited", "429 rate_limited")]


def test_a_space_that_has_no_place_left_is_reported_and_the_others_answer(world: World) -> None:
    limit_space("acme_s10", max_concurrent_per_space=1)
    with limiter.occupy(scope_of("acme_s10")):
        answer = asked(world.client("acme"))
    assert met(answer) == {"acme_s1": None, "acme_s10": "concurrency_limited", "acme_shared": None}


def test_a_space_that_allows_less_depth_is_reported_and_the_others_answer(world: World) -> None:
    limit_space("acme_s10", max_spreading_depth=1)
    answer = asked(world.client("acme"), depth=2)
    assert met(answer) == {"acme_s1": None, "acme_s10": "depth_exceeded", "acme_shared": None}
    assert sorted(spaces_of(answer)) == ["acme_s1", "acme_shared"]


def test_a_space_of_another_model_is_reported_and_the_others_answer(world: World) -> None:
    space_of_vectors("acme_plane", 2)
    names = frozenset({"read"})
    key = create_key(operator("tests"), "acme", {"acme_plane": names, "acme_s1": names}, name="both")
    world.keys["both"] = key.api_key
    client = world.client("both")
    assert met(asked(client)) == {"acme_plane": "embedding_required", "acme_s1": None}
    by_vector = client.post("/api/v1/recall/", {"embedding": [1.0, 0.0]}, format="json").json()
    assert met(by_vector) == {"acme_plane": None, "acme_s1": "dimension_mismatch"}


def test_spaces_without_the_patience_to_wait_for_are_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall_across, "PATIENCE_MS", 1)
    SpaceApi("acme_s1", world.client("acme")).batch(
        [{"content": f"Memory {n}.", "embedding": [1.0] + [n / 100] * 383} for n in range(500)]
    )
    answer = asked(world.client("acme"), spaces=["acme_s1"])
    assert met(answer) == {"acme_s1": "too_slow"}
    assert answer["spaces"][0]["problem"]["detail"] == "The space did not answer within 1 ms."
    assert answer["spaces"][0]["took_ms"] < 20_000
    assert refusals("acme") == [("recall", "acme_s1", "failed", "503 too_slow")]


def test_a_space_that_hangs_is_given_up_and_the_others_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall_across, "PATIENCE_MS", 2_000)
    hang(monkeypatch, "acme_s1")
    answer = asked(world.client("acme"))
    assert met(answer) == {"acme_s1": "too_slow", "acme_s10": None, "acme_shared": None}
    assert 2_000 <= answer["spaces"][0]["took_ms"] < 20_000


def test_a_second_search_of_a_space_has_the_time_that_the_first_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, given = queries.recall, []

    def slow(scope: SpaceScope, call: queries.RecallCall) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("select setting::int from pg_settings where name = 'statement_timeout'")
            given.append(cursor.fetchone()[0])
            cursor.execute("select pg_sleep(0.1)")
        return search(scope, call)

    monkeypatch.setattr(queries, "recall", slow)
    monkeypatch.setattr(recalling, "_lacking", lambda cue, hits: True)
    monkeypatch.setattr(recalling, "_with_cold", lambda scope, call, hits: queries.recall(scope, call)[0])
    assert met(asked(world.client("acme"), spaces=["acme_s1"])) == {"acme_s1": None}
    first, second = given
    assert second <= first - 100


def test_the_spaces_that_all_time_was_gone_for_are_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_space("acme_s10", rate_limit_per_space=1)
    client = world.client("acme")
    monkeypatch.setattr(recall_across, "PATIENCE_IN_ALL_MS", 0)
    answer = asked(client)
    assert met(answer) == dict.fromkeys(ACME, "too_slow")
    assert answer["results"] == []
    monkeypatch.setattr(recall_across, "PATIENCE_IN_ALL_MS", 60_000)
    assert met(asked(client)) == dict.fromkeys(ACME)
