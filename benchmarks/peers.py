"""Engram beside the stores that people use for memories: the same texts, tenants, cues and vectors through each, in one run."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TypeVar

from benchmarks.adapters.arms import Answer, Asked, Batch, Clients, Threads
from benchmarks.engram_arms import InProcess, InProcessByText, OverHttp, OverHttpByText, Spaces
from benchmarks.installation import Installation
from benchmarks.knowledge import FULL, QUICK, SIZES, Knowledge, Size
from benchmarks.peer_process import PEERS, Peer, PeerError, running, vacuum
from benchmarks.peer_report import (
    IN_PROCESS,
    IN_PROCESS_BY_TEXT,
    OVER_HTTP,
    OVER_HTTP_BY_TEXT,
    ROWS,
    Compared,
    Rates,
    findings_of,
)
from benchmarks.report import Findings
from benchmarks.turns import Turns

T = TypeVar("T")

CLIENTS = 2
BATCH = 100
# How much an arm does before it is the next one's turn: little enough that all meet the same machine.
BATCHES_A_TURN = 10
SINGLES_A_TURN = 50
CUES_A_TURN = 20
WARM_UP_TURNS = 5


def measure(
    installation: Installation, *, quick: bool, size: str | None = None, peers: Sequence[Peer] = PEERS
) -> Findings:
    """Compare at one of ``SIZES``, or at both full ones."""
    sizes = [SIZES[size]] if size else [QUICK] if quick else FULL
    return sum((compare(installation, each, peers) for each in sizes), Findings([], []))


def compare(installation: Installation, size: Size, peers: Sequence[Peer]) -> Findings:
    """Fill all arms in turns, let them settle, then ask them in turns."""
    knowledge = Knowledge.draw(size, seed=1)
    with ExitStack() as until_the_end:
        turns = _engram(installation, knowledge, size, until_the_end)
        versions = _join(turns, peers, installation, knowledge, size, until_the_end)
        storing = [name for name in turns.arms if name not in {IN_PROCESS_BY_TEXT, OVER_HTTP_BY_TEXT}]
        stored = _store(turns, storing, knowledge, size)
        turns.take("Settling", storing, [None], lambda arm, _: arm.settle())
        vacuum(installation.owner_url)
        answers = _recall(turns, knowledge)
    rivals = {peer.name: OVER_HTTP if peer.served else IN_PROCESS for peer in peers}
    return findings_of(Compared(size, stored, answers, rivals, versions, turns.failed), knowledge)


def _engram(installation: Installation, knowledge: Knowledge, size: Size, until_the_end: ExitStack) -> Turns:
    inside, outside = (Spaces.make(f"{where}-{size}", list(knowledge.memories)) for where in ("inside", "outside"))
    arms = {
        IN_PROCESS: InProcess(inside, knowledge.given),
        IN_PROCESS_BY_TEXT: InProcessByText(inside, knowledge.given),
        OVER_HTTP: OverHttp(installation.site, outside, knowledge.given),
        OVER_HTTP_BY_TEXT: OverHttpByText(installation.site, outside, knowledge.given),
    }
    turns = Turns()
    for name, arm in arms.items():
        turns.arms[name] = Threads(arm, CLIENTS)
        until_the_end.callback(turns.arms[name].close)
    return turns


def _join(
    turns: Turns,
    peers: Sequence[Peer],
    installation: Installation,
    knowledge: Knowledge,
    size: Size,
    until_the_end: ExitStack,
) -> dict[str, Sequence[str]]:
    """Start the peers that can be started; return their packages' versions."""
    folder = installation.site.data / f"peers-{size}"
    folder.mkdir()
    knowledge.given.save(folder)
    versions: dict[str, Sequence[str]] = {}
    for peer in peers:
        try:
            process = until_the_end.enter_context(running(peer, installation, folder, CLIENTS))
        except PeerError as error:
            turns.failed[peer.name] = str(error)
        else:
            turns.arms[peer.name], versions[peer.name] = process, process.versions
    return versions


def _store(turns: Turns, names: Sequence[str], knowledge: Knowledge, size: Size) -> dict[str, Rates]:
    batches: list[Batch] = []
    singles: list[Batch] = []
    for tenant, texts in knowledge.memories.items():
        together = texts[size.singly :]
        batches += [(tenant, together[start : start + BATCH]) for start in range(0, len(together), BATCH)]
        singles += [(tenant, [text]) for text in texts[: size.singly]]
    in_batches = turns.take("Storing in batches", names, _pieces(batches, BATCHES_A_TURN), _timed_store)
    singly = turns.take("Storing one by one", names, _pieces(singles, SINGLES_A_TURN), _timed_store)
    return {
        name: Rates(_memories(batches) / sum(in_batches[name]), _memories(singles) / sum(singly[name]))
        for name in names
        if name in turns.arms
    }


def _timed_store(arm: Clients, batches: Sequence[Batch]) -> float:
    arm.open([tenant for tenant, _ in batches])
    return arm.store(batches)


def _memories(batches: Sequence[Batch]) -> int:
    return sum(len(texts) for _, texts in batches)


def _recall(turns: Turns, knowledge: Knowledge) -> dict[str, list[Answer]]:
    pieces = _pieces(knowledge.cues, CUES_A_TURN)
    turns.take("Warming up", list(turns.arms), pieces[:WARM_UP_TURNS], _answers)
    answered = turns.take("Recalling", list(turns.arms), pieces, _answers)
    return {name: [answer for answers in answered[name] for answer in answers] for name in turns.arms}


def _answers(arm: Clients, cues: Sequence[Asked]) -> list[Answer]:
    arm.open([tenant for tenant, _ in cues])
    return arm.recall(cues, ROWS)


def _pieces(work: Sequence[T], size: int) -> list[Sequence[T]]:
    return [work[start : start + size] for start in range(0, len(work), size)]
