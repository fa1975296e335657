"""``./engram bench quality``, on a small folder laid out as LoCoMo and MuSiQue are."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from benchmarks import datasets, report
from benchmarks.baselines import fused
from benchmarks.installation import Installation
from benchmarks.quality import measure, without
from engram_site.runner.site import Site
from memory.models import Association, Memory
from tenants.models import Space
from tenants.scope import SpaceScope, space_tx

CONVERSATION = {
    "speaker_a": "Ines",
    "speaker_b": "Omar",
    "session_1_date_time": "1:56 pm on 8 May, 2023",
    "session_1": [
        {"speaker": "Ines", "dia_id": "D1:1", "text": "I adopted a greyhound called Biscuit."},
        {"speaker": "Omar", "dia_id": "D1:2", "text": "Congratulations!"},
        {"speaker": "Ines", "dia_id": "D1:3", "text": "Look at him.", "blip_caption": "a dog asleep on a red sofa"},
    ],
    "session_2_date_time": "12:09 am on 13 September, 2023",
    "session_2": [
        {"speaker": "Omar", "dia_id": "D2:1", "text": "My kiln cracked while I was firing the blue bowls."},
        {"speaker": "Ines", "dia_id": "D2:2", "text": "Congratulations on the new job in Tromsø, by the way."},
    ],
    # Some conversations know when they went on, but not with what.
    "session_3_date_time": "9:55 am on 22 October, 2023",
    "qa": [
        {"question": "What is Ines' greyhound called?", "evidence": ["D1:1"], "category": 4},
        {"question": "When did Omar's kiln crack?", "evidence": ["D2:1"], "category": 2},
        {"question": "What do Ines and Omar have that is red or blue?", "evidence": ["D1:3; D:2:01"], "category": 1},
        {"question": "Which cat did Ines adopt?", "evidence": ["D1:1"], "category": 5},
        {"question": "Would Omar like the sea?", "evidence": [], "category": 3},
    ],
}  # fmt: skip
PASSAGES = [
    {"title": "Lake Vostra", "text": "Lake Vostra lies in the canton of Ellin."},
    {"title": "Ellin", "text": "Ellin was founded by the weaver Aldo Marn."},
    {"title": "Pell", "text": "Pell is a harbour town known for its glass."},
]
QUESTIONS = [
    {"id": "2hop__1_2", "question": "Who founded the canton in which Lake Vostra lies?", "supporting": PASSAGES[:2]},
    {"id": "3hop1__1_2_3", "question": "What is the harbour town Pell known for?", "supporting": PASSAGES[2:]},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "locomo-small").mkdir()
    (tmp_path / "locomo-small" / "7.json").write_text(json.dumps(CONVERSATION))
    (tmp_path / "musique-small").mkdir()
    (tmp_path / "musique-small" / "corpus.json").write_text(json.dumps(PASSAGES))
    (tmp_path / "musique-small" / "questions.json").write_text(json.dumps(QUESTIONS))
    return tmp_path


@pytest.fixture
def installation(database: None, tmp_path: Path) -> Installation:
    """The suite's own servers, without a web server."""
    site = Site(tmp_path, "127.0.0.1", 0)
    return Installation(site, os.environ["DATABASE_OWNER_URL"], os.environ["ENGRAM_TEST_ADMIN_URL"])


def tables_of(installation: Installation, folder: Path, **options: Any) -> dict[str, Any]:
    findings = measure(installation, data=datasets.read(str(folder)), **options)
    return dict(report.as_json({}, findings)["tables"])


def test_a_turn_is_read_with_its_speaker_its_image_its_session_and_its_date(folder: Path) -> None:
    (conversation,) = datasets.read(str(folder))[0].collections
    assert conversation.texts[2] == datasets.Text(
        "D1:3",
        "Ines: Look at him. [image: a dog asleep on a red sofa]",
        "session_1",
        datetime(2023, 5, 8, 13, 56, tzinfo=UTC),
    )
    assert conversation.texts[3].observed_at == datetime(2023, 9, 13, 0, 9, tzinfo=UTC)


def test_questions_are_those_with_evidence_in_four_categories(folder: Path) -> None:
    (conversation,) = datasets.read(str(folder))[0].collections
    assert [(question.category, question.evidence) for question in conversation.questions] == [
        ("single-hop", frozenset({"D1:1"})),
        ("temporal", frozenset({"D2:1"})),
        ("multi-hop", frozenset({"D1:3", "D2:1"})),
    ]


def test_a_passage_is_its_title_and_its_text(folder: Path) -> None:
    (corpus,) = datasets.read(str(folder))[1].collections
    assert corpus.texts[1].content == "Ellin\nEllin was founded by the weaver Aldo Marn."
    assert corpus.questions[0].evidence == {corpus.texts[0].name, corpus.texts[1].name}


def test_two_halves_make_the_whole(folder: Path) -> None:
    whole = datasets.read(str(folder))[0]
    first, second = (whole.half(which).collections[0].questions for which in datasets.HALVES)
    assert [*first, *second] == [whole.collections[0].questions[index] for index in (0, 2, 1)]


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(datasets.DataError, match="holds neither a folder 'locomo…' nor a folder 'musique…'"):
        datasets.read(str(tmp_path))


def test_ranks_are_fused_by_their_reciprocals() -> None:
    one, two, three = (UUID(int=number) for number in (1, 2, 3))
    assert fused([[one, two], [three, two]]) == [two, one, three]


def test_every_way_is_scored_by_the_share_of_the_evidence_that_it_finds(
    installation: Installation, folder: Path
) -> None:
    tables = tables_of(installation, folder, quick=False)
    compared = tables["LoCoMo: Engram and plain rankings of the same vectors and words"]
    ablated = tables["LoCoMo: Engram with parts of recall left out"]
    assert [row[""] for row in compared] == ["Engram", "dense", "BM25", "rank fusion"]
    assert [row[""] for row in ablated] == [
        "Engram",
        "without lexical",
        "without temporal",
        "without entity",
        "without spreading",
    ]
    # Of five turns, the best five are all of them.
    assert {row["all (3) R@5"] for row in [*compared, *ablated]} == {1.0}
    assert {row["open-domain (0) R@5"] for row in compared} == {None}
    assert {row["2 hops (1) R@10"] for row in tables["MuSiQue: Engram with parts of recall left out"]} == {1.0}


def test_evidence_that_is_not_among_the_first_does_not_count(installation: Installation, folder: Path) -> None:
    harbours = [{"title": f"Port {n}", "text": f"Port {n} is a harbour town known for its rope."} for n in range(20)]
    asked = {**QUESTIONS[1], "supporting": [PASSAGES[2], PASSAGES[1]]}
    (folder / "musique-small" / "corpus.json").write_text(json.dumps([*PASSAGES, *harbours]))
    (folder / "musique-small" / "questions.json").write_text(json.dumps([asked]))
    tables = tables_of(installation, folder, quick=True)
    rows = tables["MuSiQue: Engram and plain rankings of the same vectors and words"]
    assert [(row["all (1) R@5"], row["all (1) R@10"]) for row in rows] == [(0.5, 0.5)] * 4


def test_a_kind_of_association_is_left_out_and_comes_back(installation: Installation, folder: Path) -> None:
    tables_of(installation, folder, quick=True)
    scope = SpaceScope.for_task(Space.objects.get(name="locomo-small-7").id)
    temporal = Association.objects.filter(kind="temporal")
    with without(scope, Association.Kind.TEMPORAL):
        assert temporal.count() == 0
        assert Memory.objects.count() == 5
    with space_tx(scope):
        assert temporal.count() == 6


def test_half_the_questions_are_asked_quickly_without_leaving_parts_out(
    installation: Installation, folder: Path
) -> None:
    tables = tables_of(installation, folder, quick=True, half="second")
    assert [row["questions"] for row in tables["What was remembered and asked"]] == [1, 1]
    assert list(tables) == [
        "What was remembered and asked",
        "LoCoMo: Engram and plain rankings of the same vectors and words",
        "MuSiQue: Engram and plain rankings of the same vectors and words",
    ]
