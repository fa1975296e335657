"""Recall: ``POST spaces/{space}/recall/``."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from memory.models import Tier
from tests.limits import limit_space
from tests.memory.space_api import SpaceApi, problems, space_of_vectors
from tests.world import World

UNKNOWN = "00000000-0000-7000-8000-000000000000"
EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at_angle(degrees: float) -> list[float]:
    return [float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))]


def fan(count: int, **fields: Any) -> list[dict[str, Any]]:
    """Memories at growing angles from the east, the nearest first."""
    return [{"content": f"Memory {n}.", "embedding": at_angle(n * 90 / count), **fields} for n in range(count)]


def test_without_words_and_hops_the_order_is_the_cosines(world: World) -> None:
    space = space_of_vectors("acme_eight", 8)
    random = np.random.default_rng(8)
    stored, cue = random.normal(size=(150, 8)), random.normal(size=8)
    ids = space.batch([{"content": f"Memory {n}.", "embedding": row.tolist()} for n, row in enumerate(stored)])
    halves = (stored / np.linalg.norm(stored, axis=1, keepdims=True)).astype(np.float16).astype(float)
    cosines = halves @ cue / np.linalg.norm(halves, axis=1) / np.linalg.norm(cue)
    order = np.argsort(-cosines)[:100]

    hits = space.recall(embedding=cue.tolist(), seeds=["semantic"], depth=0, limit=100)
    assert [hit["memory"]["id"] for hit in hits] == [ids[index] for index in order]
    assert [hit["similarity"] for hit in hits] == pytest.approx(cosines[order], abs=1e-3)
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    assert {hit["depth"] for hit in hits} == {0}


def test_the_order_is_the_cosines_even_where_nothing_is_alike(plane: SpaceApi) -> None:
    near, far = plane.batch(
        [{"content": "Near.", "embedding": at_angle(120)}, {"content": "Far.", "embedding": at_angle(170)}]
    )
    hits = plane.recall(embedding=EAST, depth=0)
    assert [hit["memory"]["id"] for hit in hits] == [near, far]
    assert all(-1 <= hit["score"] < 0 for hit in hits)


def test_a_text_is_recalled_by_its_meaning(acme: SpaceApi) -> None:
    acme.batch([{"content": content} for content in ("Invoices are due in 30 days.", "The tent has two poles.")])
    kettle = acme.remember("She boiled water for tea.")
    assert acme.recalled(query="making a hot drink", seeds=["semantic"], depth=0)[0] == kettle


def test_a_rare_word_alone_finds_its_memory(acme: SpaceApi) -> None:
    order = acme.remember("Shipped ORD-20574 on Tuesday.")
    acme.batch([{"content": f"Shipped something on day {n}."} for n in range(30)])
    (hit,) = acme.recall(query="ORD-20574", seeds=["lexical"], depth=0)
    assert (hit["memory"]["id"], hit["similarity"]) == (order, None)
    assert hit["lexical"] > 1


def test_a_rare_word_outranks_many_common_ones(acme: SpaceApi) -> None:
    acme.batch([{"content": f"The customer asked about the delivery of order {n}."} for n in range(30)])
    rare = acme.remember("A ferrule broke.")
    assert acme.recalled(query="customer asked ferrule", seeds=["lexical"], depth=0)[0] == rare


def test_words_are_found_in_every_form_and_case(acme: SpaceApi) -> None:
    memory_id = acme.remember("Walking POLES broke.")
    assert acme.recalled(query="pole", seeds=["lexical"], depth=0) == [memory_id]
    assert acme.recalled(query="walked", seeds=["lexical"], depth=0) == [memory_id]


@pytest.mark.parametrize("query", ["the and of it", "?!", "'quoted' \\ & | ! ( ) : * <->", "%s %(text)s", "🧠"])
def test_a_cue_without_a_word_to_look_for_is_still_a_cue(acme: SpaceApi, world: World, query: str) -> None:
    assert acme.recalled(query=query, seeds=["lexical"]) == []
    assert acme.recalled(query=query) == [world.memories["acme_s1"]]


def test_a_space_with_nothing_in_it_recalls_nothing(plane: SpaceApi) -> None:
    answer = plane.post("recall/", {"embedding": EAST}).json()
    assert answer["results"] == []
    assert answer["spread"] == {"depth": 0, "visited": 0}


def test_meaning_and_words_together_rank_above_either(acme: SpaceApi) -> None:
    both = acme.remember("The zephyr tent blew away in the storm.")
    acme.batch([{"content": "A storm took the shelter."}, {"content": "Zephyr is a name in the ledger."}])
    assert acme.recalled(query="zephyr tent lost in a storm", depth=0)[0] == both


def test_a_memory_recalls_what_is_like_it_and_not_itself(plane: SpaceApi) -> None:
    ids = plane.batch(fan(5))
    assert plane.recalled(memory=ids[0], depth=0) == ids[1:]


def test_a_memory_as_a_cue_leaves_room_for_as_many_as_were_asked_for(plane: SpaceApi) -> None:
    ids = plane.batch(fan(102))
    assert plane.recalled(memory=ids[0], depth=0, limit=100, seeds=["semantic"]) == ids[1:101]


@pytest.mark.parametrize("whose", ["nobody", "globex"])
def test_a_memory_of_another_space_is_no_cue(acme: SpaceApi, world: World, whose: str) -> None:
    memory_id = {"nobody": UNKNOWN, "globex": world.memories["globex_s1"]}[whose]
    answer = acme.post("recall/", {"memory": memory_id})
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["detail"] == f"There is no memory {memory_id} in this space."


@pytest.mark.parametrize(
    ("cue", "problem"),
    [
        ({}, ("cue", None)),
        ({"query": "a", "embedding": [1.0]}, ("cue", None)),
        ({"query": "a", "memory": UNKNOWN}, ("cue", None)),
        ({"embedding": [1.0], "seeds": ["lexical"]}, ("cue", None)),
        ({"embedding": [1.0], "seeds": ["lexical", "lexical"]}, ("cue", None)),
        ({"query": ""}, ("blank", "query")),
        ({"query": "é" * 16_385}, ("too_large", "query")),
        ({"embedding": [1.0]}, ("dimension_mismatch", "embedding")),
        ({"embedding": [0.0] * 384}, ("invalid_vector", "embedding")),
        ({"memory": "first"}, ("invalid", "memory")),
        ({"query": "a", "limit": 0}, ("min_value", "limit")),
        ({"query": "a", "limit": 101}, ("max_value", "limit")),
        ({"query": "a", "depth": -1}, ("min_value", "depth")),
        ({"query": "a", "depth": 6}, ("depth_exceeded", "depth")),
        ({"query": "a", "threshold": 1.5}, ("max_value", "threshold")),
        ({"query": "a", "threshold": -0.1}, ("min_value", "threshold")),
        ({"query": "a", "seeds": []}, ("empty", "seeds")),
        ({"query": "a", "seeds": ["graph"]}, ("invalid_choice", "seeds.0")),
        ({"query": "a", "tiers": ["tepid"]}, ("invalid_choice", "tiers.0")),
        ({"query": "a", "filters": {"colour": "red"}}, ("unknown_field", "filters.colour")),
        ({"query": "a", "filters": {"created_after": "noon"}}, ("invalid", "filters.created_after")),
        ({"query": "a", "filters": {"metadata": "red"}}, ("invalid", "filters.metadata")),
        ({"query": "a", "top_k": 10}, ("unknown_field", "top_k")),
    ],
)
def test_what_is_wrong_with_a_cue_is_named(acme: SpaceApi, cue: dict[str, Any], problem: tuple[str, str]) -> None:
    answer = acme.post("recall/", cue)
    assert (answer.status_code, problems(answer)) == (400, [problem])


def test_a_text_is_no_cue_for_meaning_where_the_server_has_no_model(plane: SpaceApi) -> None:
    memory_id = plane.remember("A ferrule broke.", embedding=EAST)
    answer = plane.post("recall/", {"query": "ferrule"})
    assert (answer.status_code, problems(answer)) == (400, [("embedding_required", "embedding")])
    assert plane.recalled(query="ferrule", seeds=["lexical"]) == [memory_id]


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "opinion"},
        {"session": "far"},
        {"metadata": {"topic": "far"}},
        {"metadata": {"nested": {"deep": [2]}}},
        {"observed_after": "2026-06-01T12:00:00Z"},
        {"observed_after": "2026-06-01T14:00:00+02:00", "observed_before": "2026-06-01T15:30:00+02:00"},
        {"kind": "opinion", "session": "far", "metadata": {"topic": "far"}},
    ],
)
def test_ten_are_found_where_ten_pass_the_filter_however_many_do_not(plane: SpaceApi, filters: dict[str, Any]) -> None:
    plane.batch(fan(150, observed_at=NOON.isoformat()))
    wanted = plane.batch(
        [
            {
                "content": f"Wanted {n}.",
                "embedding": at_angle(170 + n),
                "kind": "opinion",
                "session": "far",
                "metadata": {"topic": "far", "nested": {"deep": [1, 2, 3]}},
                "observed_at": (NOON + timedelta(hours=1)).isoformat(),
            }
            for n in range(10)
        ]
    )
    assert plane.recalled(embedding=EAST, depth=0, filters=filters) == wanted
    assert set(plane.recalled(embedding=EAST, filters=filters)) == set(wanted)


def test_a_filter_by_time_of_making_leaves_its_bounds_out(plane: SpaceApi) -> None:
    ids = plane.batch(fan(4))
    for hours, memory_id in enumerate(ids):
        plane.change_row(memory_id, created_at=NOON + timedelta(hours=hours))
    between = {"created_after": "2026-06-01T12:00:00Z", "created_before": "2026-06-01T15:00:00Z"}
    assert plane.recalled(embedding=EAST, depth=0, filters=between) == ids[1:3]


def test_expired_memories_take_no_place_from_the_living(plane: SpaceApi) -> None:
    ids = plane.batch(fan(120))
    for memory_id in ids[:105]:
        plane.expire(memory_id)
    assert plane.recalled(embedding=EAST, depth=0) == ids[105:115]
    assert plane.recalled(memory=ids[119], depth=0, limit=3) == [ids[118], ids[117], ids[116]]


def test_cold_memories_answer_only_when_asked_for(plane: SpaceApi) -> None:
    hot, warm, cold = plane.batch(fan(3))
    plane.change_row(warm, tier=Tier.WARM)
    plane.change_row(cold, tier=Tier.COLD)
    assert plane.recalled(embedding=EAST, depth=0) == [hot, warm]
    assert plane.recalled(embedding=EAST, depth=0, tiers=["cold"]) == [cold]
    assert plane.recalled(embedding=EAST, depth=0, tiers=["hot", "warm", "cold"]) == [hot, warm, cold]


def test_a_neighbour_in_time_comes_along_by_its_path(plane: SpaceApi) -> None:
    question = plane.remember("What did Ruth get?", session="call", embedding=EAST)
    answer = plane.remember("A carrier.", session="call", embedding=at_angle(91))
    plane.remember("Nothing to do with it.", embedding=at_angle(92))

    hits = plane.recall(embedding=EAST)
    assert [hit["memory"]["id"] for hit in hits[:2]] == [question, answer]
    assert (hits[1]["depth"], hits[1]["path"]) == (1, [question, answer])
    assert hits[1]["activation"] > hits[2]["activation"]


def test_a_memory_no_seed_found_is_reached_by_association_and_says_how(acme: SpaceApi) -> None:
    pole = acme.remember("Priya's pole cracked near the ferrule.", session="call")
    sent = acme.remember("We sent a replacement.", session="call")
    later = acme.remember("It arrived on Monday.", session="call")
    hits = {hit["memory"]["id"]: hit for hit in acme.recall(query="ferrule", seeds=["lexical"], depth=2)}
    assert {memory_id: (hit["depth"], hit["path"]) for memory_id, hit in hits.items()} == {
        pole: (0, [pole]),
        sent: (1, [pole, sent]),
        later: (2, [pole, sent, later]),
    }
    assert hits[pole]["score"] > hits[sent]["score"] > hits[later]["score"]


def test_no_hop_is_taken_without_depth(acme: SpaceApi) -> None:
    pole = acme.remember("Priya's pole cracked near the ferrule.", session="call")
    acme.remember("We sent a replacement.", session="call")
    assert acme.recalled(query="ferrule", seeds=["lexical"], depth=0) == [pole]


def test_without_a_depth_it_goes_as_far_as_the_space_allows(acme: SpaceApi) -> None:
    one, two, three = [acme.remember(content) for content in ("The ferrule cracked.", "We sent a pole.", "It came.")]
    acme.associate(one, two)
    acme.associate(two, three)
    by_words = {"query": "ferrule", "seeds": ["lexical"]}
    assert acme.recalled(**by_words) == [one, two, three]
    limit_space("acme_s1", max_spreading_depth=1)
    assert acme.recalled(**by_words) == [one, two]
    assert {entry["depth"] for entry in acme.spread(one)["activations"]} == {0, 1}
    too_deep = acme.post("recall/", {**by_words, "depth": 2})
    assert (too_deep.status_code, problems(too_deep)) == (400, [("depth_exceeded", "depth")])


def test_what_activates_too_little_is_not_reached(acme: SpaceApi) -> None:
    pole = acme.remember("Priya's pole cracked near the ferrule.")
    faint = acme.remember("We sent a replacement.")
    acme.associate(pole, faint, 0.5)
    by_words = {"query": "ferrule", "seeds": ["lexical"], "depth": 1}
    activation = acme.recall(**by_words, threshold=0)[0]["activation"]
    # Four fifths of the seed's activation are kept at a hop, and half of that by the weight.
    assert acme.recalled(**by_words, threshold=0.39 * activation) == [pole, faint]
    assert acme.recalled(**by_words, threshold=0.41 * activation) == [pole]


def test_spreading_stays_within_the_tiers_and_filters_of_the_cue(acme: SpaceApi) -> None:
    pole = acme.remember("Priya's pole cracked near the ferrule.", session="call", kind="fact")
    opinion = acme.remember("She was not amused.", session="call", kind="opinion")
    cold = acme.remember("It was a Monday.", session="call", kind="fact")
    acme.change_row(cold, tier=Tier.COLD)
    by_words = {"query": "ferrule", "seeds": ["lexical"], "depth": 2}
    assert acme.recalled(**by_words, filters={"kind": "fact"}) == [pole]
    assert acme.recalled(**by_words, tiers=["hot"]) == [pole, opinion]


def test_the_answer_counts_what_spreading_reached(acme: SpaceApi) -> None:
    for content in ("The ferrule.", "Beside it.", "Two from it.", "Three from it."):
        acme.remember(content, session="call")
    answer = acme.post("recall/", {"query": "ferrule", "seeds": ["lexical"], "depth": 2, "limit": 1}).json()
    assert answer["spread"] == {"depth": 0, "visited": 3}
    assert answer["took_ms"] > 0


def test_a_certain_memory_goes_before_an_uncertain_one(plane: SpaceApi) -> None:
    unsure = plane.remember("Perhaps.", confidence=0.2, embedding=EAST)
    sure = plane.remember("Surely.", confidence=1.0, embedding=EAST)
    assert plane.recalled(embedding=EAST, depth=1) == [sure, unsure]


def test_a_fresh_memory_goes_before_a_faded_one_and_ages_break_nothing(plane: SpaceApi) -> None:
    ages = [0, 1, 30, 1_000, 100_000]
    ids = plane.batch([{"content": f"{days} days old.", "embedding": EAST} for days in ages])
    for days, memory_id in zip(ages, ids, strict=True):
        plane.change_row(memory_id, created_at=NOON - timedelta(days=days))
    hits = plane.recall(embedding=EAST, depth=1)
    assert [hit["memory"]["id"] for hit in hits][:3] == ids[:3]
    assert {hit["memory"]["id"] for hit in hits} == set(ids)


def test_an_explanation_can_be_left_out(acme: SpaceApi) -> None:
    (hit,) = acme.recall(query="first", explain=False)
    assert set(hit) == {"memory", "space", "score"}
    assert hit["space"] == hit["memory"]["space"] == "acme_s1"


def test_a_hit_shows_the_memory_as_reading_does(acme: SpaceApi) -> None:
    memory_id = acme.remember("The ferrule.", kind="part", session="call", metadata={"a": [1, None]}, confidence=0.9)
    assert acme.recall(query="ferrule")[0]["memory"] == acme.get(f"memories/{memory_id}/").json()


def test_no_more_are_given_than_asked_for(plane: SpaceApi) -> None:
    ids = plane.batch(fan(30))
    assert plane.recalled(embedding=EAST, depth=0) == ids[:10]
    assert plane.recalled(embedding=EAST, depth=0, limit=1) == ids[:1]
    assert plane.recalled(embedding=EAST, depth=0, limit=100) == ids


def test_the_same_cue_twice_gives_the_same(acme: SpaceApi) -> None:
    acme.batch([{"content": f"The customer asked about order {n}.", "session": f"s-{n % 4}"} for n in range(40)])
    first, second = [acme.recall(query="what did the customer ask?", limit=50, depth=3) for _ in range(2)]
    assert [(hit["memory"], hit["path"], hit["depth"]) for hit in first] == [
        (hit["memory"], hit["path"], hit["depth"]) for hit in second
    ]
    assert [hit["score"] for hit in first] == pytest.approx([hit["score"] for hit in second], abs=1e-5)


def test_equal_memories_come_in_the_order_of_their_ids(plane: SpaceApi) -> None:
    ids = plane.batch([{"content": f"Memory {n}.", "embedding": NORTH} for n in range(20)])
    assert plane.recalled(embedding=EAST, depth=0, limit=20) == ids


def test_recalling_changes_nothing_that_is_recalled(acme: SpaceApi, world: World) -> None:
    before = acme.get(f"memories/{world.memories['acme_s1']}/").json()
    acme.recall(query="first")
    assert acme.get(f"memories/{world.memories['acme_s1']}/").json() == before


def test_nothing_of_another_space_is_recalled(acme: SpaceApi, globex: SpaceApi) -> None:
    globex.batch([{"content": f"The ferrule of globex {n}.", "session": "one"} for n in range(20)])
    hits = acme.recall(query="The ferrule of globex", limit=50, threshold=0, depth=5)
    assert {hit["memory"]["content"] for hit in hits} == {"The first memory of acme_s1."}
