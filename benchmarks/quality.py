"""How much of what answers a question is recalled: LoCoMo and MuSiQue through the service, against plain rankings.

R@k is the share of a question's evidence among the first k memories recalled, averaged over the questions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import fmean
from uuid import UUID

from django.db import transaction
from tqdm import tqdm

from benchmarks.baselines import FUSED, Words, fused
from benchmarks.datasets import Collection, Dataset
from benchmarks.installation import Installation
from benchmarks.report import Cell, Findings, Table, Wanted
from benchmarks.spaces import Tenant, make_tenant
from benchmarks.truth import StoredVectors
from memory import vectors
from memory.models import Association
from memory.records import NewMemory
from memory.services.entities import link_entities
from memory.services.lexicon import refresh_lexicon
from memory.services.recall import Cue, recall
from memory.services.remember import remember_batch
from tenants.scope import SpaceScope, space_tx

CUTS = (5, 10)
BATCH = 100
# What R@5 and R@10 are to be, at least.
WANTED = {"LoCoMo": (0.70, 0.80), "MuSiQue": (0.68, 0.78)}

# Recall as anybody gets it who asks for ten, and with parts left out.
WHOLE = Cue(limit=max(CUTS))
WITHOUT_LEXICAL = replace(WHOLE, seeds=frozenset({"semantic"}))
WITHOUT_SPREADING = replace(WHOLE, depth=0)

Ranking = Callable[[str], Sequence[UUID]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a category and what was found: R@k for each of ``CUTS``."""

    category: str
    shares: tuple[float, ...]


Found = dict[str, list[Asked]]


def measure(installation: Installation, *, quick: bool, data: Sequence[Dataset], half: str | None = None) -> Findings:
    """Ask everything, or every other question if ``half`` says so; quickly means without leaving parts of recall out."""
    sets = [dataset.half(half) for dataset in data] if half else data
    tenant = make_tenant("quality", [part.name for dataset in sets for part in dataset.collections])
    findings = Findings([_overview(sets)], [])
    for dataset in sets:
        compared: Found = {}
        ablated: Found = {}
        for part in dataset.collections:
            filled = _Filled(installation.owner_url, tenant, part)
            _add(compared, filled.compared())
            if not quick:
                _add(ablated, filled.ablated())
        findings += _findings(dataset, compared, ablated)
    return findings


class _Filled:
    """A collection in a space of its own."""

    def __init__(self, owner_url: str, tenant: Tenant, part: Collection) -> None:
        self._owner_url = owner_url
        self._part = part
        self._scope = tenant.open(part.name)
        self._ids = _remember(self._scope, part)
        worker = SpaceScope.for_task(self._scope.space_id)
        refresh_lexicon(worker)
        while not link_entities(worker):
            pass

    def compared(self) -> Found:
        """What Engram finds, and what the baselines do."""
        contents = {self._ids[text.name]: text.content for text in self._part.texts}
        words = Words(list(contents), list(contents.values()))
        stored = StoredVectors.read(self._owner_url, self._scope.space_id)

        def dense(cue: str) -> Sequence[UUID]:
            (vector,) = vectors.embed(self._scope, [cue])
            return stored.ranking(vector, FUSED)

        rankings: Mapping[str, Ranking] = {
            "Engram": self._recalling(WHOLE),
            "dense": dense,
            "BM25": lambda cue: words.ranking(cue, FUSED),
            "rank fusion": lambda cue: fused([dense(cue), words.ranking(cue, FUSED)]),
        }
        return {name: self._ask(name, ranking) for name, ranking in rankings.items()}

    def ablated(self) -> Found:
        """What Engram finds when a part of recall is left out."""
        found = {"without lexical": self._ask("without lexical", self._recalling(WITHOUT_LEXICAL))}
        for kind in (Association.Kind.TEMPORAL, Association.Kind.ENTITY):
            with without(self._scope, kind):
                found[f"without {kind}"] = self._ask(f"without {kind}", self._recalling(WHOLE))
        return found | {"without spreading": self._ask("without spreading", self._recalling(WITHOUT_SPREADING))}

    def _recalling(self, how: Cue) -> Ranking:
        return lambda text: [hit.memory.id for hit in recall(self._scope, replace(how, query=text)).hits]

    def _ask(self, way: str, ranking: Ranking) -> list[Asked]:
        asked = []
        for question in tqdm(self._part.questions, desc=f"{self._part.name}, {way}", unit="question", leave=False):
            evidence = {self._ids[name] for name in question.evidence}
            ranked = ranking(question.text)
            shares = tuple(len(evidence & set(ranked[:cut])) / len(evidence) for cut in CUTS)
            asked.append(Asked(question.category, shares))
        return asked


def _remember(scope: SpaceScope, part: Collection) -> dict[str, UUID]:
    """Remember a collection in its order; which memory holds each text. Texts of the same content are one memory."""
    ids: dict[str, UUID] = {}
    with tqdm(total=len(part.texts), desc=f"Remembering {part.name}", unit="memory", leave=False) as bar:
        for start in range(0, len(part.texts), BATCH):
            batch = part.texts[start : start + BATCH]
            memories = [NewMemory(text.content, session=text.session, observed_at=text.observed_at) for text in batch]
            stored = remember_batch(scope, memories)
            ids |= {text.name: memory.id for text, memory in zip(batch, stored, strict=True)}
            bar.update(len(batch))
    return ids


@contextmanager
def without(scope: SpaceScope, kind: Association.Kind) -> Iterator[None]:
    """The space as it would be without its associations of a kind, as long as the block lasts."""
    with space_tx(scope):
        Association.objects.filter(space_id=scope.space_id, kind=kind).delete()
        yield
        transaction.set_rollback(True)


def _add(found: Found, more: Found) -> None:
    for way, asked in more.items():
        found.setdefault(way, []).extend(asked)


def _overview(sets: Sequence[Dataset]) -> Table:
    rows: list[list[Cell]] = [
        [
            dataset.name,
            len(dataset.collections),
            sum(len(part.texts) for part in dataset.collections),
            sum(len(part.questions) for part in dataset.collections),
        ]
        for dataset in sets
    ]
    return Table("What was remembered and asked", ["data", "spaces", "texts", "questions"], rows)


def _findings(dataset: Dataset, compared: Found, ablated: Found) -> Findings:
    tables = [_table(f"{dataset.name}: Engram and plain rankings of the same vectors and words", dataset, compared)]
    if ablated:
        whole = {"Engram": compared["Engram"]}
        tables.append(_table(f"{dataset.name}: Engram with parts of recall left out", dataset, whole | ablated))
    wanted = [
        Wanted.at_least(f"{dataset.name} R@{cut}", least, _mean(compared["Engram"], index))
        for index, (cut, least) in enumerate(zip(CUTS, WANTED[dataset.name], strict=True))
    ]
    return Findings(tables, wanted)


def _table(title: str, dataset: Dataset, found: Found) -> Table:
    """A row for each way; all questions first, then category by category with how many questions each has."""
    (first, *_) = found.values()
    groups = [("all", [*dataset.categories]), *((category, [category]) for category in dataset.categories)]
    counts = {name: sum(asked.category in among for asked in first) for name, among in groups}
    columns = [f"{name} ({counts[name]}) R@{cut}" for name, _ in groups for cut in CUTS]
    rows: list[list[Cell]] = []
    for way, asked in found.items():
        grouped = [[item for item in asked if item.category in among] for _, among in groups]
        rows.append([way, *(_mean(group, index) if group else None for group in grouped for index in range(len(CUTS)))])
    return Table(title, ["", *columns], rows)


def _mean(asked: Sequence[Asked], index: int) -> float:
    return fmean(item.shares[index] for item in asked)
