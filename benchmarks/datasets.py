"""LoCoMo and MuSiQue as texts and questions about them, read from a folder that is no part of the project."""

import json
import re
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LOCOMO_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop"}
HALVES = ("first", "second")

SESSION = re.compile(r"session_\d+")
# One entry may name several turns, and some write "D:3:07" for the turn "D3:7".
TURN = re.compile(r"D:?(\d+):(\d+)")


class DataError(ArgumentTypeError):
    """The folder does not hold what it should: the option that names it is wrong."""


@dataclass(frozen=True, slots=True)
class Text:
    """Something to remember, under the name by which questions refer to it."""

    name: str
    content: str
    session: str | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """``evidence`` names the texts that answer it, at least one."""

    text: str
    evidence: frozenset[str]
    category: str


@dataclass(frozen=True, slots=True)
class Collection:
    """What goes into one space, and what is asked there."""

    name: str
    texts: Sequence[Text]
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Dataset:
    """``categories`` are those of its questions, in the order in which they are shown."""

    name: str
    categories: Sequence[str]
    collections: Sequence[Collection]

    def half(self, which: str) -> "Dataset":
        """With every other question of each collection: the "first" half starts at the first question."""
        start = HALVES.index(which)
        halves = [replace(part, questions=part.questions[start :: len(HALVES)]) for part in self.collections]
        return replace(self, collections=halves)


def read(folder: str) -> list[Dataset]:
    """The datasets of the folders ``locomo*`` and ``musique*`` in a folder. Raises ``DataError`` if there are none."""
    found = [_locomo(path) for path in sorted(Path(folder).glob("locomo*/"))]
    found += [_musique(path) for path in sorted(Path(folder).glob("musique*/"))]
    if not found:
        raise DataError(f"'{folder}' holds neither a folder 'locomo…' nor a folder 'musique…'.")
    return found


def _locomo(folder: Path) -> Dataset:
    """A file is a conversation."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise DataError(f"'{folder}' holds no conversation, which would be a file '….json'.")
    parts = [_conversation(f"{folder.name}-{file.stem}", json.loads(file.read_text())) for file in files]
    return Dataset("LoCoMo", list(LOCOMO_CATEGORIES.values()), parts)


def _conversation(name: str, conversation: Mapping[str, Any]) -> Collection:
    sessions = [key for key in conversation if SESSION.fullmatch(key)]
    turns = [turn for session in sessions for turn in _turns(session, conversation)]
    known = {turn.name for turn in turns}
    asked = [
        Question(item["question"], _turns_named(item["evidence"]) & known, LOCOMO_CATEGORIES[item["category"]])
        for item in conversation["qa"]
        if item["category"] in LOCOMO_CATEGORIES
    ]
    return Collection(name, turns, [question for question in asked if question.evidence])


def _turns(session: str, conversation: Mapping[str, Any]) -> Iterator[Text]:
    at = datetime.strptime(conversation[f"{session}_date_time"], "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)
    for turn in conversation[session]:
        caption = turn.get("blip_caption")
        image = f" [image: {caption}]" if caption else ""
        yield Text(turn["dia_id"], f"{turn['speaker']}: {turn['text']}{image}", session, at)


def _turns_named(evidence: Sequence[str]) -> frozenset[str]:
    turns = TURN.findall(" ".join(evidence))
    return frozenset(f"D{int(session)}:{int(turn)}" for session, turn in turns)


def _musique(folder: Path) -> Dataset:
    """All passages are one collection. A passage is known by its content, and a question's category by its kind of hops."""
    passages = json.loads((folder / "corpus.json").read_text())
    questions = [
        Question(item["question"], frozenset(map(_passage, item["supporting"])), _hops(item["id"]))
        for item in json.loads((folder / "questions.json").read_text())
    ]
    texts = [Text(content, content) for content in map(_passage, passages)]
    categories = sorted({question.category for question in questions})
    return Dataset("MuSiQue", categories, [Collection(folder.name, texts, questions)])


def _passage(passage: Mapping[str, str]) -> str:
    return f"{passage['title']}\n{passage['text']}"


def _hops(question_id: str) -> str:
    """ "3hop1__13548_13529" is asked over three hops."""
    return f"{question_id[0]} hops"
