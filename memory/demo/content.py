"""What the demo remembers: Python's reference for everyone, and the invented notes of three tenants."""

import platform
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pydoc_data.topics import topics

from memory.demo.topics import topic_markdown
from memory.passages import Passage, read_ndjson, split_markdown

TENANT_SPACES = ("acme_support", "globex_research", "initech_org", "initech_team_a", "initech_team_b")

# Three sorts for each space. The answer stands a turn or two beside the memory that the cue matches, or it is
# near in meaning and shares hardly a word with the cue, or a rare word alone finds it.
CUES: dict[str, list[str]] = {
    "acme_support": [
        "Priya's pole cracked near the ferrule: what did we send?",
        "What did Ruth get to carry her son meanwhile?",
        "which product did Tomasz get for toes that touch the front?",
        "someone obsessed with a light rucksack",
        "is it safe to drink after ice got into it?",
        "ORD-20574",
    ],
    "globex_research": [
        "Can't pickle <function <lambda>>: what was decided?",
        "Atlas answered nothing for 40 seconds: what blocked it?",
        "the replay worker left connections open: what is the rule now?",
        "use less memory for many small objects",
        "give a resource back however the block ends",
        "readers.toml",
    ],
    "common_knowledge": [
        "the with statement proceeds as follows",
        "a list given as default argument keeps its values between calls",
        "turn text into small letters for comparing without regard to case",
        "fill a number with zeros on the left",
        "__length_hint__",
        "PEP 3115",
    ],
    "initech_org": [
        "who sits in room Elm, and what do they want to know?",
        "from when are the 412,000 accounts elsewhere, and why did we change?",
        "I left my sign-in device on the train",
        "time off for new mothers and fathers",
        "Foundry Row",
    ],
    "initech_team_a": [
        "INC-231: what was wrong with the settlement file?",
        "640 messages in the parking lot: what was changed afterwards?",
        "pay with the card although the secret store is down",
        "half a cent of difference between two banks",
        "card four",
    ],
    "initech_team_b": [
        "the app shows less money than people have: what is the reason?",
        "the finish rate fell from 94 to 88: how was it mended?",
        "people hiding their spending from a violent partner",
        "how does a customer who cannot see pay the rent?",
        "Jun Park",
    ],
}


def python_topics() -> Iterator[Passage]:
    """The running Python's own reference, each passage once, in the shortest topic that holds it."""
    source = f"Python {'.'.join(platform.python_version_tuple()[:2])} documentation"
    seen: set[str] = set()
    for topic in sorted(topics, key=lambda name: (len(topics[name]), name)):
        for passage in split_markdown(topic_markdown(topics[topic]), session=topic):
            if passage.content not in seen:
                seen.add(passage.content)
                yield replace(passage, metadata={**passage.metadata, "topic": topic, "source": source})


def tenant_memories(space: str) -> Iterator[Passage]:
    """The notes of one of ``TENANT_SPACES``, in the order they were made within each session.

    Raises ``ValueError`` for another name.
    """
    if space not in TENANT_SPACES:
        raise ValueError(f"The demo has no space '{space}'; allowed: {', '.join(TENANT_SPACES)}.")
    with (resources.files(__package__) / f"{space}.ndjson").open(encoding="utf-8") as file:
        yield from read_ndjson(file)
