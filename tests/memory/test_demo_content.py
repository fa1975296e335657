from datetime import UTC, datetime

import pytest

from memory.demo.content import CUES, TENANT_SPACES, python_topics, tenant_memories
from memory.demo.topics import topic_markdown
from memory.kinds import KIND
from memory.passages import LIMIT


@pytest.mark.parametrize("space", TENANT_SPACES)
def test_every_tenants_file_parses(space: str) -> None:
    assert len(list(tenant_memories(space))) >= 40


@pytest.mark.parametrize("space", TENANT_SPACES)
def test_every_memory_has_a_session_a_known_kind_and_a_date_in_autumn_2026(space: str) -> None:
    memories = list(tenant_memories(space))
    dates = [memory.observed_at for memory in memories if memory.observed_at]
    assert all(memory.session for memory in memories)
    assert all(KIND.match(memory.kind) for memory in memories)
    assert len(dates) == len(memories)
    assert datetime(2026, 8, 1, tzinfo=UTC) <= min(dates) <= max(dates) < datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("space", TENANT_SPACES)
def test_sessions_are_whole_and_run_forwards_in_time(space: str) -> None:
    memories = list(tenant_memories(space))
    order = list(dict.fromkeys(memory.session for memory in memories))
    assert memories == sorted(memories, key=lambda memory: (order.index(memory.session), memory.observed_at))


def test_no_content_occurs_twice_among_the_tenants() -> None:
    contents = [memory.content for space in TENANT_SPACES for memory in tenant_memories(space)]
    assert len(contents) == len(set(contents))


def test_the_tenants_use_several_kinds() -> None:
    assert len({memory.kind for space in TENANT_SPACES for memory in tenant_memories(space)}) >= 5


def test_a_space_the_demo_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="The demo has no space 'umbrella'; allowed: acme_support, "):
        list(tenant_memories("umbrella"))


def test_each_space_has_distinct_cues() -> None:
    assert set(CUES) == {*TENANT_SPACES, "common_knowledge"}
    assert all(4 <= len(set(cues)) == len(cues) <= 6 for cues in CUES.values())


def test_python_topics_are_many_passages_without_a_duplicate() -> None:
    contents = [passage.content for passage in python_topics()]
    assert len(contents) > 300
    assert len(contents) == len(set(contents))
    assert max(map(len, contents)) <= LIMIT


def test_python_topics_say_where_they_come_from() -> None:
    passages = list(python_topics())
    assert all(passage.session == passage.metadata["topic"] for passage in passages)
    assert all(str(passage.metadata["source"]).startswith("Python 3.") for passage in passages)


def test_python_topics_keep_the_passages_of_a_topic_together() -> None:
    topics = [passage.session for passage in python_topics()]
    assert len(list(dict.fromkeys(topics))) == sum(
        this != before for this, before in zip(topics, [None, *topics], strict=False)
    )


def test_python_topics_keep_code_as_it_was() -> None:
    assert any("```\nwith A() as a, B() as b:\n    SUITE\n```" in passage.content for passage in python_topics())


def test_a_topic_becomes_headings_prose_and_fenced_code() -> None:
    topic = (
        "Goats\n*****\n\n"
        "They are *sure-footed* and built-\nin climbers (see **PEP 8**):\n\n"
        "   climb(goat)\n\n   rest(goat)\n\n"
        "goat.feed(hay)\n\n   Give it hay.\n\n"
        "Note:\n\n  Not too much.\n\n"
        "Food\n====\n\nHay\n   Dried grass.\n"
    )
    assert topic_markdown(topic) == (
        "# Goats\n\n"
        "They are sure-footed and built-in climbers (see PEP 8):\n\n"
        "```\nclimb(goat)\n\nrest(goat)\n```\n\n"
        "goat.feed(hay): Give it hay.\n\n"
        "Note: Not too much.\n\n"
        "## Food\n\n"
        "Hay: Dried grass."
    )


def test_a_table_in_a_topic_becomes_a_paragraph_a_row() -> None:
    topic = (
        "+------+---------+\n| Sign | Meaning |\n|======|=========|\n"
        '| "|"  | either  |\n|      | one     |\n+------+---------+\n'
    )
    assert topic_markdown(topic) == 'Sign: Meaning\n\n"|": either one'
