"""What the comparison with peers says: a table for each size, and Engram's figures against each peer's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmarks.adapters.arms import Answer
from benchmarks.knowledge import Knowledge, Size
from benchmarks.report import Cell, Findings, Table, Wanted
from benchmarks.timing import Latency

ROWS = 10
IN_PROCESS, OVER_HTTP = "Engram in process, by vector", "Engram over HTTP, by vector"
IN_PROCESS_BY_TEXT, OVER_HTTP_BY_TEXT = "Engram in process, by text", "Engram over HTTP, by text"
LEAST_RECALL = 0.99


@dataclass(frozen=True, slots=True)
class Rates:
    """Memories stored in a second."""

    in_batches: float
    singly: float


@dataclass(frozen=True, slots=True)
class Compared:
    """What the arms that came to the end stored and answered, each cue once. ``versions`` are those of the peers that started,
    ``rivals`` says beside which arm of Engram each peer stands, ``failed`` why a peer is out."""

    size: Size
    stored: Mapping[str, Rates]
    answers: Mapping[str, Sequence[Answer]]
    rivals: Mapping[str, str]
    versions: Mapping[str, Sequence[str]]
    failed: Mapping[str, str]


def findings_of(compared: Compared, knowledge: Knowledge) -> Findings:
    size = f"{compared.size.tenants} tenants × {compared.size.memories} memories"
    judged = {name: _Judged.of(answers, knowledge) for name, answers in compared.answers.items()}
    peers: list[list[Cell]] = [
        [name, ", ".join(compared.versions.get(name, [])), compared.failed.get(name)] for name in compared.rivals
    ]
    tables = [
        Table(
            f"{size}, {len(knowledge.cues):,} cues",
            ["", "memories/s in batches", "one by one", "recall p50", "p95", "rows of 10", "recall@10", "leaked"],
            [_row(name, compared.stored.get(name), judged[name]) for name in judged],
        ),
        Table(f"{size}: peers", ["peer", "versions", "out of the run because"], peers),
    ]
    return Findings(tables, [*_wanted_of_engram(size, judged), *_wanted_beside_peers(size, compared, judged)])


@dataclass(frozen=True, slots=True)
class _Judged:
    """An arm's answers: how long they took, how many rows they have in the mean, the share of the nearest that is among them,
    and how many rows of all answers belong to another tenant."""

    latency: Latency
    rows: float
    recall: float
    leaked: int

    @classmethod
    def of(cls, answers: Sequence[Answer], knowledge: Knowledge) -> "_Judged":
        held = {tenant: set(texts) for tenant, texts in knowledge.memories.items()}
        pairs = list(zip(knowledge.cues, answers, strict=True))
        return cls(
            latency=Latency.of([answer.milliseconds for answer in answers]),
            rows=fmean(len(answer.found) for answer in answers),
            recall=fmean(
                len(knowledge.nearest(tenant, cue, ROWS) & set(answer.found)) / ROWS for (tenant, cue), answer in pairs
            ),
            leaked=sum(text not in held[tenant] for (tenant, _), answer in pairs for text in answer.found),
        )


def _row(name: str, stored: Rates | None, judged: _Judged) -> list[Cell]:
    rates: list[Cell] = [stored.in_batches, stored.singly] if stored else [None, None]
    return [name, *rates, judged.latency.p50, judged.latency.p95, judged.rows, judged.recall, judged.leaked]


def _wanted_of_engram(size: str, judged: Mapping[str, _Judged]) -> list[Wanted]:
    ours = {name: judged[name] for name in (IN_PROCESS, IN_PROCESS_BY_TEXT, OVER_HTTP, OVER_HTTP_BY_TEXT)}
    exact = min(ours[name].recall for name in (IN_PROCESS, OVER_HTTP))
    return [
        Wanted.at_most(f"{size}: rows leaked", 0, sum(arm.leaked for arm in ours.values())),
        Wanted.at_least(f"{size}: rows of 10, in the worst way", ROWS, min(arm.rows for arm in ours.values())),
        Wanted.at_least(f"{size}: recall@10 by vector, in the worst way", LEAST_RECALL, exact),
    ]


def _wanted_beside_peers(size: str, compared: Compared, judged: Mapping[str, _Judged]) -> list[Wanted]:
    wanted = []
    for peer, engram in compared.rivals.items():
        if peer in judged:
            ours, theirs = compared.stored[engram], compared.stored[peer]
            recall = judged[engram].latency.p50 / judged[peer].latency.p50
            beside = f"{size}, times {peer}"
            wanted += [
                Wanted.at_least(f"{beside}: memories/s in batches", 1, ours.in_batches / theirs.in_batches),
                Wanted.at_least(f"{beside}: memories/s one by one", 1, ours.singly / theirs.singly),
                Wanted.at_most(f"{beside}: recall p50", 1, recall),
            ]
    return wanted
