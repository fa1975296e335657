"""How recall scores: by how many standard deviations of its space a memory stands out, in meaning and in words."""

import math
import os
from importlib import import_module
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import ProgrammingError, connection
from numpy.typing import NDArray

from memory.embedders import get_embedder
from memory.models import Tier
from memory.services.lexicon import refresh_lexicon
from memory.vectors import as_text
from tenants.scope import SpaceScope, space_tx
from tests.memory.space_api import SpaceApi
from tests.world import World, scope_of

EAST = [1.0, 0.0]
# What a space is thought to be like before it is looked at, and the memories that this is worth.
PRIOR = 50
SIMILARITY = (0.1, 0.1)
SHARE = (0.03, 0.08)

Numbers = NDArray[np.float64]


def drawn(values: Numbers, prior: tuple[float, float]) -> tuple[float, float]:
    """Mean and deviation of some values together with a prior's."""
    expected, spread = prior
    mean = (values.sum() + PRIOR * expected) / (len(values) + PRIOR)
    variance = (((values - mean) ** 2).sum() + PRIOR * spread**2) / (len(values) + PRIOR)
    return float(mean), math.sqrt(variance)


def at_angle(degrees: float) -> list[float]:
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


def similarity_scale(
    space: str, cue: list[float], tiers: list[str] | None = None, sample: int = 1_000
) -> tuple[float, float]:
    scope = scope_of(space)
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute(
            "select mean, deviation from engram_similarity_scale(%s, %s::halfvec, %s, %s)",
            [scope.space_id, as_text(np.asarray(cue, dtype=np.float32)), tiers or ["hot", "warm"], sample],
        )
        ((mean, deviation),) = cursor.fetchall()
    return mean, deviation


def lexical_seeds(space: str, cue: str) -> dict[str, tuple[float, float, float, float]]:
    """Lexical score, share, and the space's mean and deviation of the share, by the memory's id."""
    scope = scope_of(space)
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute(
            "select * from engram_lexical_seeds(%s, %s, array['hot', 'warm'], '{}', 1000, 2000)", [scope.space_id, cue]
        )
        return {str(memory_id): tuple(numbers) for memory_id, *numbers in cursor.fetchall()}


def idf(memories: int, holding: int) -> float:
    return math.log(1 + (memories - holding + 0.5) / (holding + 0.5))


def cosines(query: str, contents: list[str]) -> Numbers:
    """As the server embeds them and half-precision numbers keep them."""
    cue, *rows = get_embedder().embed([query, *contents])
    halves = np.asarray(rows).astype(np.float16).astype(np.float64)
    found: Numbers = halves @ cue.astype(np.float64) / np.linalg.norm(halves, axis=1)
    return found


@pytest.mark.parametrize("memories", [0, 1, 2, 3, 50, 400])
def test_the_similarity_of_a_space_to_a_cue_is_what_numpy_makes_of_it(plane: SpaceApi, memories: int) -> None:
    rng = np.random.default_rng(7)
    angles = rng.uniform(0, 180, memories)
    bodies = [{"content": f"Memory {n}.", "embedding": at_angle(angle)} for n, angle in enumerate(angles)]
    ids = [plane.batch(bodies[start : start + 100]) for start in range(0, memories, 100)]
    assert sum(map(len, ids)) == memories
    expected = drawn(np.cos(np.radians(angles)), SIMILARITY)
    assert similarity_scale("acme_plane", EAST) == pytest.approx(expected, abs=1e-3)


def test_the_similarity_of_alike_memories_keeps_a_deviation(plane: SpaceApi) -> None:
    plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(500)])
    mean, deviation = similarity_scale("acme_plane", EAST)
    assert mean == pytest.approx(505 / 550, abs=1e-3)
    assert deviation > 0.03


def test_no_more_memories_are_compared_than_the_sample_holds(plane: SpaceApi) -> None:
    plane.batch([{"content": f"Memory {n}.", "embedding": EAST} for n in range(60)])
    assert similarity_scale("acme_plane", EAST, sample=10) == pytest.approx(drawn(np.ones(10), SIMILARITY), abs=1e-3)


def test_only_the_tiers_that_answer_are_compared(plane: SpaceApi) -> None:
    ids = plane.batch(
        [{"content": f"Memory {n}.", "embedding": at_angle(angle)} for n, angle in enumerate((0, 60, 90))]
    )
    plane.change_row(ids[0], tier=Tier.COLD)
    assert similarity_scale("acme_plane", EAST) == pytest.approx(drawn(np.array([0.5, 0.0]), SIMILARITY), abs=1e-3)
    assert similarity_scale("acme_plane", EAST, ["cold"]) == pytest.approx(drawn(np.ones(1), SIMILARITY), abs=1e-3)


def test_no_other_space_is_compared(world: World) -> None:
    scope, foreign = scope_of("acme_s1"), scope_of("globex_s1")
    call = "select * from engram_similarity_scale(%s, %s::halfvec, array['hot'], 1000)"
    cue = as_text(np.ones(384, dtype=np.float32))
    with pytest.raises(ProgrammingError, match="not opened for this space"), space_tx(scope):
        _run(call, [foreign.space_id, cue])


def _run(statement: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_the_words_of_a_space_are_scored_as_numpy_makes_of_it(acme: SpaceApi) -> None:
    ferrules = acme.batch([{"content": f"Ferrule {n} cracked."} for n in range(3)])
    both = acme.remember("The ferrule of the zephyr cracked.")
    acme.batch([{"content": f"Nothing to do with it, {n}."} for n in range(15)])
    memories = 1 + 3 + 1 + 15
    # One word is in four memories, one in one, and one in none.
    ferrule, zephyr, unheard = idf(memories, 4), idf(memories, 1), idf(memories, 0)
    whole = ferrule + zephyr + unheard
    shares = np.array([ferrule / whole] * 3 + [(ferrule + zephyr) / whole] + [0] * 16)
    mean, deviation = drawn(shares, SHARE)

    found = lexical_seeds("acme_s1", "ferrule zephyr xylophone")
    assert set(found) == {*ferrules, both}
    assert found[both] == pytest.approx((ferrule + zephyr, (ferrule + zephyr) / whole, mean, deviation))
    assert found[ferrules[0]] == pytest.approx((ferrule, ferrule / whole, mean, deviation))


def test_a_word_in_a_memorys_heading_counts_double(acme: SpaceApi) -> None:
    speaker = acme.remember("Zephyr: my ferrule cracked.")
    titled = acme.remember("The zephyr\nA wind from the west.")
    late = acme.remember("A sentence that has its first colon after more than sixty letters: zephyr.")
    once = idf(4, 3)
    found = {memory_id: numbers[:2] for memory_id, numbers in lexical_seeds("acme_s1", "a zephyr").items()}
    assert found == {
        titled: pytest.approx((2 * once, 2)),
        speaker: pytest.approx((2 * once, 2)),
        late: pytest.approx((once, 1)),
    }


def test_a_cold_memorys_heading_counts_as_a_hot_ones_does(acme: SpaceApi) -> None:
    ids = [
        acme.remember(content) for content in ("Zephyr: a tent.", "A tent, like the zephyr: small.", "Tent: zephyr.")
    ]
    for memory_id in ids:
        acme.change_row(memory_id, tier=Tier.COLD)
    cold = {
        hit["memory"]["id"]: hit["lexical"] for hit in acme.recall(query="zephyr", seeds=["lexical"], tiers=["cold"])
    }
    once = idf(3, 3)
    assert [cold[memory_id] for memory_id in ids] == pytest.approx([2 * once, 2 * once, once])


def test_memories_from_before_headings_were_marked_are_marked_by_the_migration(acme: SpaceApi) -> None:
    before, cold = acme.batch([{"content": content} for content in ("Zephyr: a tent.", "Ferrule: a ring.")])
    marked = acme.row(before).lexemes
    acme.change_row(before, lexemes="'tent':3 'zephyr':1")
    acme.change_row(cold, tier=Tier.COLD)
    migration = import_module("memory.migrations.0008_headings")
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(migration.MARK)
    assert acme.row(before).lexemes == marked == "'tent':4 'zephyr':1A,2"
    assert acme.row(cold).lexemes == ""


def test_the_best_of_a_session_lifts_the_others_of_it(plane: SpaceApi) -> None:
    """The one beside it is four associations away, too far for activation."""
    angles = [(0, "call"), (180, "call"), (180, "call"), (180, "call"), (60, "call"), (60, "mail"), (60, None)]
    best, *_, beside, elsewhere, alone = plane.batch(
        [
            {"content": f"Memory {n}.", "embedding": at_angle(angle), "session": session}
            for n, (angle, session) in enumerate(angles)
        ]
    )

    def scores(depth: int) -> dict[str, float]:
        return {hit["memory"]["id"]: hit["score"] for hit in plane.recall(embedding=EAST, depth=depth, threshold=0.9)}

    without, with_context = scores(0), scores(1)
    assert without[beside] == without[elsewhere] == without[alone]
    assert with_context[beside] == pytest.approx(without[beside] + 0.2 * without[best], abs=1e-3)
    assert with_context[best] == pytest.approx(1.2 * without[best], abs=1e-3)
    assert with_context[elsewhere] == pytest.approx(1.2 * without[elsewhere], abs=1e-3)
    assert with_context[alone] == pytest.approx(without[alone], abs=1e-3)


def test_a_counted_lexicon_scores_words_as_counting_on_the_spot_does(plane: SpaceApi) -> None:
    contents = [f"Order {n} of {('tents', 'poles', 'stoves')[n % 3]}." for n in range(1_000)]
    plane.batch([{"content": content, "embedding": EAST} for content in contents])
    on_the_spot = lexical_seeds("acme_plane", "the order of tents")
    assert refresh_lexicon(SpaceScope.for_task(scope_of("acme_plane").space_id)) > 0
    counted = lexical_seeds("acme_plane", "the order of tents")
    assert list(counted) == list(on_the_spot)
    assert list(counted.values()) == [pytest.approx(numbers) for numbers in on_the_spot.values()]


@pytest.mark.parametrize("memories", [1, 2])
def test_the_words_of_a_tiny_space_say_little(plane: SpaceApi, memories: int) -> None:
    plane.batch([{"content": f"Ferrule {n}.", "embedding": EAST} for n in range(memories)])
    found = lexical_seeds("acme_plane", "ferrule")
    mean, deviation = drawn(np.ones(memories), SHARE)
    assert [numbers[1:] for numbers in found.values()] == [pytest.approx((1.0, mean, deviation))] * memories
    assert 0.03 < mean < 0.07


def test_a_score_is_the_meanings_and_the_words_deviations_in_their_shares(acme: SpaceApi) -> None:
    contents = [
        "The ferrule cracked in the cold.",
        "A pole broke on the descent.",
        "Invoices are due in thirty days.",
        "Ruth likes her tea without milk.",
        "The warehouse closes at five.",
    ]
    acme.batch([{"content": content} for content in contents])
    every = ["The first memory of acme_s1.", *contents]
    query = "a cracked ferrule"
    similarities = cosines(query, every)
    crack, ferrule = idf(6, 1), idf(6, 1)
    shares = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0]) * (crack + ferrule) / (crack + ferrule)
    (near, far), (mean, deviation) = drawn(similarities, SIMILARITY), drawn(shares, SHARE)
    expected = (0.7 * (similarities - near) / far + 0.3 * (shares - mean) / deviation) / 10

    hits = acme.recall(query=query, depth=0)
    scores = {hit["memory"]["content"]: hit["score"] for hit in hits}
    assert [scores[content] for content in every] == pytest.approx(expected.tolist(), abs=2e-3)
    assert [hit["similarity"] for hit in hits] == pytest.approx(
        [similarities[every.index(hit["memory"]["content"])] for hit in hits], abs=2e-3
    )


def test_by_words_alone_a_score_is_their_deviations(acme: SpaceApi) -> None:
    acme.batch([{"content": f"Nothing to do with it, {n}."} for n in range(8)])
    acme.remember("The ferrule cracked.")
    mean, deviation = drawn(np.array([1.0] + [0.0] * 9), SHARE)
    (hit,) = acme.recall(query="ferrule", seeds=["lexical"], depth=0)
    assert hit["score"] == pytest.approx((1 - mean) / deviation / 10, abs=1e-4)


def test_words_that_nobody_wrote_leave_the_meaning_alone(acme: SpaceApi) -> None:
    acme.batch([{"content": f"Nothing to do with it, {n}."} for n in range(8)])
    by_both = acme.recall(query="xylophone", depth=0)
    by_meaning = acme.recall(query="xylophone", seeds=["semantic"], depth=0)
    assert [hit["memory"]["id"] for hit in by_both] == [hit["memory"]["id"] for hit in by_meaning]


def test_by_meaning_alone_the_order_is_the_cosines_above_the_average_and_below(plane: SpaceApi) -> None:
    rng = np.random.default_rng(11)
    angles = rng.uniform(0, 180, 90)
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": at_angle(angle)} for n, angle in enumerate(angles)])
    hits = plane.recall(embedding=EAST, depth=0, limit=100)
    assert [hit["memory"]["id"] for hit in hits] == [ids[n] for n in np.argsort(angles)]
    scores = np.array([hit["score"] for hit in hits])
    assert scores[0] > 0 > scores[-1]
    mean, deviation = drawn(np.cos(np.radians(angles)), SIMILARITY)
    assert scores == pytest.approx((np.cos(np.radians(np.sort(angles))) - mean) / deviation / 10, abs=1e-3)


@pytest.mark.parametrize("memories", [1, 2])
def test_a_tiny_space_answers_in_the_cosines_order_with_scores_that_can_be_compared(
    plane: SpaceApi, memories: int
) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": at_angle(10 + 70 * n)} for n in range(memories)])
    hits = plane.recall(embedding=EAST)
    assert [hit["memory"]["id"] for hit in hits] == ids
    # As far above what is usual for unrelated texts as it would be in a large space of such.
    assert 0.3 < hits[0]["score"] < 1
    assert all(-1 < hit["score"] < 1 for hit in hits)


def test_the_only_memory_of_a_space_is_no_answer_to_just_anything(acme: SpaceApi) -> None:
    (near,) = acme.recall(query="the first memory")
    (far,) = acme.recall(query="how do I fix a leaking tap?")
    assert near["score"] > 0.3
    assert far["score"] < 0.1


def test_what_is_below_the_average_starts_no_activation(plane: SpaceApi) -> None:
    near, far, beyond = plane.batch(
        [
            {"content": "Near.", "embedding": at_angle(5)},
            {"content": "Far.", "embedding": at_angle(95)},
            {"content": "Beyond.", "embedding": at_angle(95)},
        ]
    )
    plane.batch([{"content": f"Around {n}.", "embedding": at_angle(60)} for n in range(20)])
    plane.associate(far, beyond)
    hits = {hit["memory"]["id"]: hit for hit in plane.recall(embedding=EAST, limit=100)}
    assert hits[near]["score"] > 0 > hits[far]["score"]
    assert (hits[beyond]["depth"], hits[beyond]["path"]) == (0, [beyond])
    assert hits[beyond]["score"] == pytest.approx(hits[far]["score"])


def test_what_only_spreading_reaches_says_by_which_seed_it_came(plane: SpaceApi) -> None:
    seeds = plane.batch([{"content": f"Seed {n}.", "embedding": at_angle(n)} for n in range(120)])
    chain = plane.batch([{"content": f"Link {n}.", "embedding": at_angle(170 + n)} for n in range(3)])
    plane.associate(seeds[0], chain[0])
    plane.associate(chain[0], chain[1])
    plane.associate(chain[1], chain[2])
    hits = {hit["memory"]["id"]: hit for hit in plane.recall(embedding=EAST, depth=3, limit=100, threshold=0)}
    assert [(hits[link]["depth"], hits[link]["path"]) for link in chain] == [
        (1, [seeds[0], chain[0]]),
        (2, [seeds[0], chain[0], chain[1]]),
        (3, [seeds[0], chain[0], chain[1], chain[2]]),
    ]
    assert [hits[link]["similarity"] for link in chain] == pytest.approx(
        [math.cos(math.radians(170 + n)) for n in range(3)], abs=1e-3
    )
    started = [hit for hit in hits.values() if hit["depth"] == 0]
    assert all(hit["path"] == [hit["memory"]["id"]] for hit in started)
    reached = [hit for hit in hits.values() if hit["depth"] > 0]
    assert all(hits[hit["path"][0]]["score"] > 0 and hits[hit["path"][0]]["depth"] == 0 for hit in reached)


def test_a_neighbour_below_the_average_is_raised_by_what_it_receives(plane: SpaceApi) -> None:
    near = plane.remember("Near.", embedding=EAST, session="call")
    told = plane.remember("Told in the same breath.", embedding=at_angle(100), session="call")
    alone = plane.remember("Told to nobody.", embedding=at_angle(100))
    plane.batch([{"content": f"Around {n}.", "embedding": at_angle(70)} for n in range(20)])
    hits = {hit["memory"]["id"]: hit["score"] for hit in plane.recall(embedding=EAST, limit=100)}
    assert hits[near] > hits[told] > hits[alone]


def test_a_doubtful_memory_gains_nothing_by_being_below_the_average(plane: SpaceApi) -> None:
    unsure = plane.remember("Perhaps.", embedding=at_angle(150), confidence=0.1)
    sure = plane.remember("Surely.", embedding=at_angle(150), confidence=1.0)
    plane.batch([{"content": f"Near {n}.", "embedding": at_angle(n)} for n in range(20)])
    hits = plane.recall(embedding=EAST, depth=1, limit=100)
    assert [hit["memory"]["id"] for hit in hits][-2:] == [sure, unsure]
    assert hits[-1]["score"] < hits[-2]["score"] < 0


def test_the_answer_counts_what_spreading_reached_and_not_what_it_did_not(plane: SpaceApi) -> None:
    near = plane.remember("Near.", embedding=EAST, session="call")
    plane.remember("Told in the same breath.", embedding=at_angle(100), session="call")
    plane.batch([{"content": f"Far {n}.", "embedding": at_angle(120)} for n in range(20)])
    answer = plane.post("recall/", {"embedding": EAST, "depth": 1, "limit": 1}).json()
    assert [hit["memory"]["id"] for hit in answer["results"]] == [near]
    assert answer["spread"]["visited"] == 2
