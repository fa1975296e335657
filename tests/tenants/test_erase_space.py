"""DELETE spaces/{space}/ and GET erasures/: asking for a space to be erased, and seeing how far it is."""

import pytest

from memory.services.erase import erase
from tenants.callers import operator
from tenants.models import Erasure, Space
from tenants.pages.erasures import STEPS
from tenants.scope import SpaceScope
from tenants.services.erasures import erasing_space_ids
from tenants.services.sharing import share_space
from tenants.services.spaces import NewSpace, create_space
from tests.tenants.control_api import ControlApi, trail
from tests.world import World, logged_in


@pytest.fixture
def alice(world: World) -> ControlApi:
    return ControlApi(logged_in("alice"))


@pytest.fixture
def key(world: World) -> ControlApi:
    """acme's key, which manages all three of its spaces."""
    return ControlApi(world.client("acme"))


def code(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]  # type: ignore[attr-defined]


def erase_now(space: str) -> None:
    assert erase(SpaceScope.for_erasure(Space.objects.get(name=space).id))


def test_the_answer_says_what_will_be_done(key: ControlApi) -> None:
    answer = key.delete("spaces/acme_s1/")
    assert answer.status_code == 202
    begun = answer.json()
    assert begun["id"] == str(Erasure.objects.get(space="acme_s1").id)
    assert (begun["space"], begun["requested_by"], begun["memories"], begun["erased"], begun["finished_at"]) == (
        "acme_s1",
        "acme",
        None,
        {},
        None,
    )


def test_it_is_closed_to_everybody_at_once(key: ControlApi, alice: ControlApi) -> None:
    key.delete("spaces/acme_s1/")
    assert (key.recall("acme_s1"), key.remember("acme_s1"), alice.recall("acme_s1")) == (403, 403, 403)
    assert code(key.delete("spaces/acme_s1/")) == (403, "space_erasing")
    assert code(key.patch("spaces/acme_s1/", {"status": "active"})) == (403, "space_erasing")


def test_it_is_gone_when_the_worker_is_done_and_the_report_stays(key: ControlApi) -> None:
    key.delete("spaces/acme_s1/")
    erase_now("acme_s1")
    (erasure,) = key.listed("erasures/")
    assert erasure["finished_at"] is not None
    assert erasure["memories"] == 1
    assert len(erasure["erased"]) == STEPS
    assert {table: rows for table, rows in erasure["erased"].items() if rows} == {
        "memory_embedding": 1,
        "memory_memory": 1,
        "memory_tally": 1,
        "memory_unlinked": 1,
    }
    assert set(key.spaces()) == {"acme_s10", "acme_shared"}
    assert not Space.objects.filter(name="acme_s1").exists()


def test_asking_and_finishing_are_in_the_tenants_trail(key: ControlApi) -> None:
    key.delete("spaces/acme_s1/")
    erase_now("acme_s1")
    assert trail("acme", "erase_space") == [("allowed", "acme_s1")]
    assert trail("acme", "finish_erasing") == [("allowed", "1 memory")]


def test_the_name_is_free_again_and_the_new_space_is_empty(key: ControlApi, alice: ControlApi) -> None:
    key.delete("spaces/acme_s1/")
    erase_now("acme_s1")
    alice.made("spaces/", {"name": "acme_s1"})
    assert alice.listed("spaces/acme_s1/memories/") == []


def test_other_spaces_keep_what_they_have(key: ControlApi) -> None:
    key.delete("spaces/acme_s1/")
    erase_now("acme_s1")
    assert len(key.listed("spaces/acme_s10/memories/")) == 1


def test_whom_it_was_shared_with_loses_it_too(world: World, key: ControlApi) -> None:
    share_space(operator("tests"), "acme_s1", "globex")
    key.delete("spaces/acme_s1/")
    erase_now("acme_s1")
    assert "acme_s1" not in ControlApi(logged_in("charlie")).spaces()


def test_a_space_with_others_below_it_stays(key: ControlApi) -> None:
    create_space(operator("tests"), NewSpace("acme_below", parent="acme_s1"), tenant_slug="acme")
    assert code(key.delete("spaces/acme_s1/")) == (409, "has_children")
    assert key.recall("acme_s1") == 200
    assert erasing_space_ids() == []


def test_an_archived_space_can_be_erased(key: ControlApi) -> None:
    key.patch("spaces/acme_s1/", {"status": "archived"})
    assert key.delete("spaces/acme_s1/").status_code == 202


def test_an_admin_sees_all_of_the_tenants_and_others_what_they_asked_for(
    world: World, key: ControlApi, alice: ControlApi
) -> None:
    key.delete("spaces/acme_s1/")
    alice.delete("spaces/acme_s10/")
    assert [erasure["space"] for erasure in alice.listed("erasures/")] == ["acme_s10", "acme_s1"]
    assert [erasure["space"] for erasure in key.listed("erasures/")] == ["acme_s1"]
    assert ControlApi(logged_in("bob")).listed("erasures/") == []
    assert ControlApi(logged_in("charlie")).listed("erasures/") == []


def test_nobody_adds_below_it_or_moves_below_it(key: ControlApi, alice: ControlApi) -> None:
    key.delete("spaces/acme_s1/")
    assert code(alice.post("spaces/", {"name": "acme_new", "parent": "acme_s1"})) == (400, "unknown_parent")
