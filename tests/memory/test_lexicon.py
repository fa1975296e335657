"""The lexicon: how many of a space's memories hold each word, which makes rare words count for more."""

import time
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from math import log

import pytest
from django.db import connection
from django.utils import timezone

from memory import queries
from memory.models import Lexeme
from memory.queries import lock_task
from memory.records import NewMemory
from memory.services.lexicon import SMALLEST, refresh_lexicon
from memory.services.remember import remember_batch
from tenants.scope import SpaceScope, space_tx
from tests.isolation.stage import admin_connection
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
from tests.world import scope_of

SPACE = "acme_plane"
EAST = [1.0, 0.0]
LEAF = "select tableoid::regclass::text from memory_memory where space_id = %s limit 1"
CHANGED = "select n_mod_since_analyze from pg_stat_user_tables where relname = %s"


def fill(contents: Iterable[str], space: str = SPACE) -> None:
    remember_batch(scope_of(space), [NewMemory(content, embedding=EAST) for content in contents])


def numbered(count: int, start: int = 0) -> list[str]:
    """Contents of words that no stemmer touches: one of their own, one in seven, one in all."""
    return [f"own{n} shared{n % 7} all0" for n in range(start, start + count)]


def lexicon(space: str = SPACE) -> dict[str, int]:
    with space_tx(scope_of(space)):
        return dict(Lexeme.objects.values_list("lexeme", "memories"))


def refresh() -> int:
    return refresh_lexicon(scope_of(SPACE))


def scores(space: SpaceApi, query: str) -> dict[str, float]:
    hits = space.recall(query=query, seeds=["lexical"], depth=0, limit=100)
    return {hit["memory"]["content"]: hit["lexical"] for hit in hits}


def idf(total: int, holding: int) -> float:
    return log(1 + (total - holding + 0.5) / (holding + 0.5))


def test_it_counts_exactly_how_many_memories_hold_each_word(plane: SpaceApi) -> None:
    contents = numbered(SMALLEST)
    fill(contents)
    expected = Counter(word for content in contents for word in content.split())
    assert refresh() == len(expected) + 1
    assert lexicon() == {**expected, "": SMALLEST}


def test_a_word_counts_once_for_a_memory_and_in_all_its_forms(plane: SpaceApi) -> None:
    fill([*numbered(SMALLEST - 2), "Walking, walked, walks.", "They walk"])
    refresh()
    assert lexicon()["walk"] == 2


def test_a_small_space_has_none_and_is_counted_on_the_spot(plane: SpaceApi) -> None:
    fill(numbered(20))
    assert refresh() == 0
    assert lexicon() == {}
    assert scores(plane, "own3") == pytest.approx({"own3 shared3 all0": idf(20, 1)})
    assert list(scores(plane, "all0").values()) == pytest.approx([idf(20, 20)] * 20)


def test_a_space_that_has_not_grown_by_a_fifth_keeps_its_lexicon(plane: SpaceApi) -> None:
    fill(numbered(SMALLEST))
    refresh()
    assert refresh() == 0
    fill(numbered(200, start=SMALLEST))
    assert refresh() == 0
    fill(numbered(1, start=SMALLEST + 200))
    assert refresh() > 0
    assert lexicon()[""] == lexicon()["all0"] == SMALLEST + 201


def test_a_lexicon_of_yesterday_is_counted_anew_although_the_space_has_not_grown(plane: SpaceApi) -> None:
    fill(numbered(SMALLEST - 1))
    lonely = plane.remember("zyzzyva", embedding=EAST)
    refresh()
    plane.patch(f"memories/{lonely}/", {"content": "syzygy", "embedding": EAST})
    assert refresh() == 0
    with space_tx(scope_of(SPACE)):
        Lexeme.objects.filter(lexeme="").update(counted_at=timezone.now() - timedelta(days=1))
    # One came, one went, and the one for all says when that was.
    assert (refresh(), refresh()) == (3, 0)
    assert lexicon()["syzygi"] == 1
    assert "zyzzyva" not in lexicon()


def test_a_space_so_large_that_counting_takes_long_is_given_the_time(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(scope: SpaceScope) -> int:
        with connection.cursor() as cursor:
            cursor.execute("show statement_timeout")
            given.append(cursor.fetchone()[0])
        return 1

    given: list[str] = []
    monkeypatch.setattr(queries, "refresh_lexicon", count)
    fill(numbered(SMALLEST))
    assert (refresh(), given) == (1, ["15min"])


def test_words_that_are_forgotten_leave_the_lexicon(plane: SpaceApi) -> None:
    fill(numbered(SMALLEST - 1))
    lonely = plane.remember("zyzzyva", embedding=EAST)
    refresh()
    assert lexicon()["zyzzyva"] == 1
    plane.delete(f"memories/{lonely}/")
    fill(numbered(202, start=SMALLEST))
    refresh()
    assert "zyzzyva" not in lexicon()


def test_recall_weighs_words_as_the_lexicon_counts_them(plane: SpaceApi) -> None:
    fill(numbered(SMALLEST))
    on_the_spot = scores(plane, "own3 shared3 all0")
    refresh()
    by_lexicon = scores(plane, "own3 shared3 all0")
    assert by_lexicon == pytest.approx(on_the_spot)
    holding = len(range(3, SMALLEST, 7))
    assert by_lexicon["own3 shared3 all0"] == pytest.approx(
        idf(SMALLEST, 1) + idf(SMALLEST, holding) + idf(SMALLEST, SMALLEST)
    )


def test_a_word_of_too_many_memories_brings_up_none_beside_rarer_ones(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.services.recall.LEXICAL_BUDGET", 100)
    fill(numbered(SMALLEST))
    refresh()
    assert scores(plane, "own3 all0") == pytest.approx({"own3 shared3 all0": idf(SMALLEST, 1)})
    assert len(scores(plane, "all0")) == 100


def test_words_newer_than_the_lexicon_count_as_rare(plane: SpaceApi) -> None:
    fill(numbered(SMALLEST))
    refresh()
    fill(["newcomer one", "newcomer two"])
    assert list(scores(plane, "newcomer").values()) == pytest.approx([idf(SMALLEST, 1)] * 2)
    assert next(iter(scores(plane, "newcomer all0"))).startswith("newcomer")


def test_words_of_another_space_are_not_counted(plane: SpaceApi, globex: SpaceApi) -> None:
    globex.remember("all0 elsewhere9")
    fill(numbered(SMALLEST))
    refresh()
    assert lexicon()["all0"] == SMALLEST
    assert lexicon("globex_s1") == {}


def test_one_worker_at_a_time_refreshes_a_space(plane: SpaceApi) -> None:
    fill(numbered(SMALLEST))
    with space_tx(scope_of(SPACE)):
        assert lock_task(scope_of(SPACE), "refresh_lexicon")
        assert at_once(refresh) == [0]
    assert refresh() > 0


def test_a_space_that_has_grown_so_much_is_made_known_to_the_planner(plane: SpaceApi) -> None:
    fill(numbered(SMALLEST))
    # A session tells what it changed when it ends, and otherwise not at once.
    connection.close()
    with admin_connection() as admin:
        (leaf,) = admin.execute(LEAF, [scope_of(SPACE).space_id]).fetchall()
        while admin.execute(CHANGED, leaf).fetchall() == [(0,)]:
            time.sleep(0.01)
        refresh()
        connection.close()
        assert admin.execute(CHANGED, leaf).fetchall() == [(0,)]
