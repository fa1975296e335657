import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from benchmarks import peer_process, report
from benchmarks.adapters.arms import Answer
from benchmarks.adapters.given import Given
from benchmarks.installation import Installation
from benchmarks.knowledge import Knowledge, Size
from benchmarks.peer_process import Peer, PeerError, PeerProcess
from benchmarks.peer_report import (
    IN_PROCESS,
    IN_PROCESS_BY_TEXT,
    OVER_HTTP,
    OVER_HTTP_BY_TEXT,
    Compared,
    Rates,
    findings_of,
)
from benchmarks.peers import compare
from benchmarks.turns import Turns
from engram_site.runner.site import Site
from tests.live import live_site

TINY = Size(tenants=3, memories=12, singly=2, cues=2)
ABSENT = Peer("mem0", "mem0", database=True)
ENGRAM = (IN_PROCESS, IN_PROCESS_BY_TEXT, OVER_HTTP, OVER_HTTP_BY_TEXT)


@pytest.fixture
def installation(database: None, tmp_path: Path) -> Iterator[Installation]:
    """The suite's own servers."""
    with live_site() as url:
        site = Site(tmp_path, "127.0.0.1", urlsplit(url).port or 0)
        yield Installation(site, os.environ["DATABASE_OWNER_URL"], os.environ["ENGRAM_TEST_ADMIN_URL"])


@pytest.fixture
def knowledge() -> Knowledge:
    """One and its neighbour have a text each; the cue is about the neighbour's."""
    given = Given(["mine", "theirs", "cue"], np.array([[1, 0], [0, 1], [0, 1]], np.float32))
    return Knowledge(given, {"one": ["mine"], "neighbour": ["theirs"]}, [("one", "cue")])


@pytest.fixture
def shelf(knowledge: Knowledge, tmp_path: Path) -> Iterator[PeerProcess]:
    knowledge.given.save(tmp_path)
    start = {"given": str(tmp_path), "folder": str(tmp_path), "clients": 2, "database": "", "port": None}
    process = PeerProcess(sys.executable, "tests.benchmarks.shelf", start, tmp_path / "shelf.log")
    yield process
    process.close()


def test_engram_answers_with_the_nearest_of_its_tenant_and_a_peer_without_packages_is_named(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_process, "ENVIRONMENTS", tmp_path / "environments")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    findings = report.as_json({}, compare(installation, TINY, [ABSENT]))
    rows = {row[""]: row for row in findings["tables"]["3 tenants × 12 memories, 6 cues"]}
    assert set(rows) == set(ENGRAM)
    assert [rows[name]["rows of 10"] for name in ENGRAM] == [10] * 4
    assert [rows[name]["leaked"] for name in ENGRAM] == [0] * 4
    assert [rows[name]["recall@10"] for name in (IN_PROCESS, OVER_HTTP)] == [1] * 2
    assert [rows[name]["one by one"] for name in (IN_PROCESS_BY_TEXT, OVER_HTTP_BY_TEXT)] == [None] * 2
    assert [want["holds"] for want in findings["wanted"]] == [True] * 3
    (mem0,) = findings["tables"]["3 tenants × 12 memories: peers"]
    assert (mem0["peer"], mem0["versions"]) == ("mem0", "")
    assert "No matching distribution found for mem0ai" in mem0["out of the run because"]


def test_knowledge_is_distinct_and_half_of_the_cues_are_about_others() -> None:
    knowledge = Knowledge.draw(TINY, seed=1)
    texts = [text for held in knowledge.memories.values() for text in held]
    assert len(set(texts)) == len(texts) == 36
    assert [tenant for tenant, _ in knowledge.cues] == ["tenant-1", "tenant-2", "tenant-3"] * 2
    assert knowledge.nearest("tenant-1", texts[5], 1) == {texts[5]}
    assert knowledge.nearest("tenant-2", texts[5], 1) != {texts[5]}


def test_a_peer_stores_and_answers_in_its_own_process(shelf: PeerProcess) -> None:
    assert shelf.versions == [f"numpy {version('numpy')}"]
    shelf.open(["one"])
    assert shelf.store([("one", ["mine"]), ("neighbour", ["theirs"])]) > 0
    shelf.settle()
    answers = shelf.recall([("one", "cue"), ("neighbour", "cue")], 10)
    assert [answer.found for answer in answers] == [["mine"], ["theirs"]]
    assert all(answer.milliseconds > 0 for answer in answers)


def test_a_peer_that_ends_is_out_and_the_others_go_on(shelf: PeerProcess, tmp_path: Path) -> None:
    turns = Turns()
    turns.arms["shelf"] = shelf
    answered = turns.take(
        "Asking", ["shelf"], ["cue", "unbearable", "cue"], lambda arm, cue: arm.recall([("one", cue)], 1)
    )
    assert len(answered["shelf"]) == 1
    assert turns.arms == {}
    assert turns.failed == {"shelf": "The shelf broke."}


def test_a_peer_whose_packages_are_not_there_says_so(knowledge: Knowledge, tmp_path: Path) -> None:
    knowledge.given.save(tmp_path)
    start = {"given": str(tmp_path), "folder": str(tmp_path), "clients": 1, "database": "", "port": None}
    with pytest.raises(PeerError, match="No module named 'mem0'"):
        PeerProcess(sys.executable, "benchmarks.adapters.mem0", start, tmp_path / "mem0.log")


def test_another_tenants_rows_are_counted_and_a_slower_engram_is_said_to_be(knowledge: Knowledge) -> None:
    answers = {
        **{name: [Answer(4.0, ["mine"])] for name in ENGRAM},
        "leaky": [Answer(2.0, ["theirs", "mine"])],
    }
    stored = {IN_PROCESS: Rates(300, 30), OVER_HTTP: Rates(200, 20), "leaky": Rates(100, 60)}
    compared = Compared(TINY, stored, answers, {"leaky": IN_PROCESS}, {"leaky": ["leaky 1.0"]}, {})
    findings = report.as_json({}, findings_of(compared, knowledge))
    *_, leaky = findings["tables"]["3 tenants × 12 memories, 1 cues"]
    assert (leaky["rows of 10"], leaky["leaked"], leaky["recall p50"]) == (2, 1, 2.0)
    beside = {want["what"].rpartition(": ")[2]: want for want in findings["wanted"]}
    assert (beside["memories/s in batches"]["measured"], beside["memories/s in batches"]["holds"]) == ("3", True)
    assert (beside["memories/s one by one"]["measured"], beside["memories/s one by one"]["holds"]) == ("0.5", False)
    assert (beside["recall p50"]["measured"], beside["recall p50"]["holds"]) == ("2", False)
