"""Words, read in the language that a space names."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from memory.models import Lexeme, Memory
from memory.queries import lock_task
from memory.records import NewMemory
from memory.services import lexicon
from memory.services.lexicon import SMALLEST, refresh_lexicon
from memory.services.remember import remember_batch
from memory.services.words import reread_words
from memory.services.work import Busy, take_turn
from tenants.models import Space
from tenants.scope import SpaceScope, space_tx
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi, detail, problems
from tests.tenants.control_api import trail
from tests.world import scope_of

EAST = [1.0, 0.0]
SPACE = "acme_plane"


def choose(space: SpaceApi, name: str) -> None:
    answer = space.client.patch(f"/api/v1/spaces/{space.space}/", {"text_search": name}, format="json")
    assert answer.status_code == 200, answer.content


def shown(space: SpaceApi) -> tuple[str, str]:
    answer = space.client.get(f"/api/v1/spaces/{space.space}/").json()
    return answer["text_search"], answer["text_search_status"]


def by_words(space: SpaceApi, query: str, **more: object) -> list[str]:
    hits = space.recall(query=query, seeds=["lexical"], depth=0, **more)
    return [hit["memory"]["content"] for hit in hits if hit["lexical"] > 0]


def reread(**options: Any) -> bool:
    return reread_words(SpaceScope.for_task(scope_of(SPACE).space_id), **options)


def test_words_are_english_unless_the_space_says_otherwise(plane: SpaceApi) -> None:
    plane.remember("They walked home.", embedding=EAST)
    assert shown(plane) == ("english", "current")
    assert by_words(plane, "walking") == ["They walked home."]


def test_a_space_reads_its_words_in_its_own_language(plane: SpaceApi) -> None:
    choose(plane, "german")
    reread()
    plane.remember("Die Häuser am Fluss.", embedding=EAST)
    plane.remember("They walked home.", embedding=EAST)
    assert by_words(plane, "Haus") == ["Die Häuser am Fluss."]
    assert by_words(plane, "walking") == []


def test_simple_takes_words_as_they_stand(plane: SpaceApi) -> None:
    choose(plane, "simple")
    reread()
    plane.remember("The walks", embedding=EAST)
    assert (by_words(plane, "walk"), by_words(plane, "the"), by_words(plane, "WALKS")) == (
        [],
        ["The walks"],
        ["The walks"],
    )


def test_what_was_remembered_before_is_read_anew_by_a_worker(plane: SpaceApi) -> None:
    plane.remember("Die Häuser am Fluss.", embedding=EAST)
    choose(plane, "german")
    assert shown(plane) == ("german", "changing")
    assert by_words(plane, "Haus") == []
    assert reread()
    assert shown(plane) == ("german", "current")
    assert by_words(plane, "Haus") == ["Die Häuser am Fluss."]
    assert ("allowed", "") in trail("acme", "reread_words")


def test_a_changed_content_is_read_so_too(plane: SpaceApi) -> None:
    memory = plane.remember("Nothing.", embedding=EAST)
    choose(plane, "german")
    assert plane.patch(f"memories/{memory}/", {"content": "Viele Bäume", "embedding": EAST}).status_code == 200
    assert by_words(plane, "Baum") == ["Viele Bäume"]


def test_cold_memories_are_read_so_and_stay_so_when_they_wake(plane: SpaceApi) -> None:
    memory = plane.remember("Die Häuser am Fluss.", embedding=EAST)
    plane.change_row(memory, tier="cold")
    choose(plane, "german")
    reread()
    assert by_words(plane, "Haus", tiers=["cold"]) == ["Die Häuser am Fluss."]
    plane.change_row(memory, tier="hot")
    assert by_words(plane, "Haus") == ["Die Häuser am Fluss."]


def test_a_worker_goes_on_from_where_the_last_one_came_to(plane: SpaceApi) -> None:
    for number in range(5):
        plane.remember(f"Häuser {number}", embedding=EAST)
    choose(plane, "german")
    assert not reread(batch=2, seconds=0)
    assert len(by_words(plane, "Haus")) == 2
    assert shown(plane) == ("german", "changing")
    assert reread(batch=2)
    assert len(by_words(plane, "Haus")) == 5


def test_one_changed_again_on_the_way_begins_anew(plane: SpaceApi) -> None:
    for number in range(4):
        plane.remember(f"Häuser walked {number}", embedding=EAST)
    choose(plane, "german")
    reread(batch=2, seconds=0)
    choose(plane, "english")
    assert reread(batch=2)
    assert (len(by_words(plane, "walking")), len(by_words(plane, "Haus"))) == (4, 0)


def test_to_choose_the_same_again_changes_nothing(plane: SpaceApi) -> None:
    plane.remember("They walked home.", embedding=EAST)
    choose(plane, "english")
    assert shown(plane) == ("english", "current")


def test_the_lexicon_counts_the_words_as_they_are_read(plane: SpaceApi) -> None:
    remember_batch(scope_of(SPACE), [NewMemory(f"Häuser {n}", embedding=EAST) for n in range(SMALLEST)])
    refresh_lexicon(scope_of(SPACE))
    choose(plane, "german")
    reread()
    with space_tx(scope_of(SPACE)):
        counted = dict(Lexeme.objects.filter(lexeme__startswith="h").values_list("lexeme", "memories"))
        assert not Memory.objects.exclude(lexemes__isnull=False).exists()
    assert counted == {"haus": SMALLEST}


def test_a_worker_that_dies_before_it_has_counted_the_words_leaves_that_to_the_planner(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_batch(scope_of(SPACE), [NewMemory(f"Häuser {n}", embedding=EAST) for n in range(SMALLEST)])
    refresh_lexicon(scope_of(SPACE))
    choose(plane, "german")
    with monkeypatch.context() as killed:
        killed.setattr(lexicon, "refresh_lexicon", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            reread()
    assert shown(plane) == ("german", "current")
    assert (refresh_lexicon(scope_of(SPACE)) > 0, refresh_lexicon(scope_of(SPACE))) == (True, 0)
    with space_tx(scope_of(SPACE)):
        assert Lexeme.objects.get(lexeme="haus").memories == SMALLEST


def test_while_another_worker_counts_the_words_before_it_does_not_end(plane: SpaceApi) -> None:
    choose(plane, "german")

    def refused() -> bool:
        with pytest.raises(Busy):
            reread()
        return True

    with space_tx(scope_of(SPACE)):
        assert lock_task(scope_of(SPACE), "refresh_lexicon")
        assert at_once(refused) == [True]
    assert shown(plane) == ("german", "changing")


def test_other_spaces_words_stay_as_they_are(plane: SpaceApi, globex: SpaceApi) -> None:
    globex.remember("They walked home.")
    choose(plane, "simple")
    reread()
    assert by_words(globex, "walking") == ["They walked home."]


def test_while_another_worker_is_at_the_space_it_steps_back(plane: SpaceApi) -> None:
    choose(plane, "german")

    def refused() -> bool:
        with pytest.raises(Busy):
            reread()
        return True

    with space_tx(scope_of(SPACE)):
        take_turn(scope_of(SPACE))
        assert at_once(refused) == [True]


@pytest.mark.parametrize("name", ["klingon", "English", "pg_catalog.german", "", "german; drop table memory_memory"])
def test_one_that_the_server_does_not_have_is_refused_with_those_it_has(plane: SpaceApi, name: str) -> None:
    answer = plane.client.patch(f"/api/v1/spaces/{SPACE}/", {"text_search": name}, format="json")
    assert answer.status_code == 400
    assert problems(answer)[0][1] == "text_search"
    assert Space.objects.get(name=SPACE).text_search == "english"


@pytest.fixture
def own_configuration() -> Iterator[str]:
    """One that an operator made, whose name has to be quoted."""
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute('create text search configuration public."Pt-BR" (copy = portuguese)')
        yield '"Pt-BR"'
        admin.execute('drop text search configuration public."Pt-BR"')


def test_one_that_an_operator_made_does_as_well(plane: SpaceApi, own_configuration: str) -> None:
    choose(plane, own_configuration)
    plane.remember("As casas na praia.", embedding=EAST)
    assert by_words(plane, "casa") == ["As casas na praia."]


def test_the_refusal_names_it_and_what_is_allowed(plane: SpaceApi) -> None:
    answer = plane.client.patch(f"/api/v1/spaces/{SPACE}/", {"text_search": "klingon"}, format="json")
    assert detail(answer).startswith("'text_search' is 'klingon'; allowed: arabic, armenian, ")
    assert problems(answer) == [("unknown_text_search", "text_search")]


def test_a_new_space_may_say_it_from_the_start(plane: SpaceApi) -> None:
    body = {"name": "acme_below", "parent": SPACE, "text_search": "french"}
    made = plane.client.post("/api/v1/spaces/", body, format="json")
    assert made.status_code == 201, made.content
    assert (made.json()["text_search"], made.json()["text_search_status"]) == ("french", "current")
    refused = plane.client.post(
        "/api/v1/spaces/", {**body, "name": "acme_odd", "text_search": "klingon"}, format="json"
    )
    assert (refused.status_code, problems(refused)) == (400, [("unknown_text_search", "text_search")])
