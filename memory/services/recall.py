"""Recall: finding memories by meaning and words, and by what they are associated with."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from django.db import OperationalError, ProgrammingError, transaction
from django.utils import timezone
from psycopg.errors import NoDataFound

from memory import metrics, queries, vectors
from memory.models import Tier
from memory.queries import RecallCall
from memory.records import Hit, Recalled, Vector
from memory.services import reinforcement
from memory.when import period_of
from tenants.errors import Invalid, NotFound
from tenants.limits import installation
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.queries import limit_time, ran_out_of_time
from tenants.scope import SpaceScope, space_tx

Seed = Literal["semantic", "lexical"]
Embed = Callable[[SpaceScope, Sequence[str]], list[Vector]]

# Cold ones answer when they are asked for, when these find nothing good, or fewer than asked for that pass the filters.
ANSWERING_TIERS = (Tier.HOT, Tier.WARM)
# The score of a hit that is good: about two and a half standard deviations from what the space holds in general.
GOOD = 0.25

# Hops that activation spreads where a cue does not say.
DEPTH = 2
# How long the cold tier is searched, in ms, for whoever did not ask for it.
COLD_MS = 5_000
# Seeds of each kind that spreading starts from, at least.
POOL = 100
# Memories that tell how similar the space is to a cue in general.
SAMPLE = 1_000
# Rows that the words of a cue may bring up, rarest words first.
LEXICAL_BUDGET = 1_000
# The share of the words in a seed, the rest being the meaning's.
LEXICAL_WEIGHT = 0.3
# How much more of the activation the best seeds start with; 1 would be in proportion to the seeds.
SHARPNESS = 3.0
# The share that a memory has in what the best of its session scores.
CONTEXT = 0.2
# What a memory gains that was observed in the period that the cue names, as a seed of two standard
# deviations would.
TIMELY = 0.2
# How far confidence and retrievability may pull a score down.
BIAS = 0.1


@dataclass(frozen=True, slots=True)
class Spreading:
    """How activation flows: the share kept at each hop, the least that is passed on, the associations that one memory
    passes it to, and the memories that a hop goes on from."""

    decay: float = 0.8
    threshold: float = 0.01
    fan_out: int = 32
    frontier: int = 32


SPREADING = Spreading()


@dataclass(frozen=True, slots=True)
class Cue:
    """What to recall by: exactly one of ``query`` (text), ``embedding`` (the client's vector) or ``memory`` (an id).

    ``tiers`` are searched and no other; ``None`` searches hot and warm, and cold if these find nothing good or, of what
    passes the ``filters``, fewer than ``limit``. ``depth`` is hops; ``None`` goes the usual two, or as many as the space allows.
    """

    query: str | None = None
    embedding: Sequence[float] | None = None
    memory: UUID | None = None
    limit: int = 10
    depth: int | None = None
    seeds: frozenset[Seed] = frozenset({"semantic", "lexical"})
    threshold: float = SPREADING.threshold
    tiers: Sequence[str] | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)


def recall(scope: SpaceScope, cue: Cue, *, embed: Embed = vectors.embed) -> Recalled:
    """The memories that a cue brings to mind, best first, each with why; they are reinforced. Raises as ``search`` does."""
    recalled = search(scope, cue, embed=embed)
    reinforcement.note(scope, recalled.hits)
    return recalled


def search(scope: SpaceScope, cue: Cue, *, patience_ms: int | None = None, embed: Embed = vectors.embed) -> Recalled:
    """A recall that reinforces nothing yet, for whoever may not show all of its hits.

    Raises ``Invalid`` for too much depth or a vector that does not fit, ``NotFound`` for a memory that is not there, and
    ``TimeoutError`` if the search takes longer than ``patience_ms``.
    """
    scope.require("read")
    call = prepare(scope, cue, embed)
    began = time.perf_counter()
    with space_tx(scope, durable=False):
        if patience_ms is not None:
            limit_time(patience_ms)
        try:
            with metrics.spreading(scope, call.depth):
                hits, visited = queries.recall(scope, call)
                if cue.tiers is None and _lacking(cue, hits):
                    # The limit is each statement's: those to come have what this one left.
                    took = int((time.perf_counter() - began) * 1000)
                    limit_time(COLD_MS if patience_ms is None else max(1, patience_ms - took))
                    hits = _with_cold(scope, call, hits)
        except ProgrammingError as error:
            if isinstance(error.__cause__, NoDataFound):
                raise NotFound(f"There is no memory {cue.memory} in this space.") from error
            raise
        except OperationalError as error:
            if patience_ms is not None and ran_out_of_time(error):
                raise TimeoutError from error
            raise
        record(scope, Action.RECALL, target=number_of(len(hits), "memory", "memories"))
    took_ms = (time.perf_counter() - scope.origin.started) * 1000
    return Recalled(hits, max((hit.depth for hit in hits), default=0), visited, took_ms)


def _lacking(cue: Cue, hits: Sequence[Hit]) -> bool:
    """Whether nothing good was found, or filters left fewer than were asked for."""
    return not hits or hits[0].score < GOOD or bool(cue.filters and len(hits) < cue.limit)


def _with_cold(scope: SpaceScope, call: RecallCall, hits: list[Hit]) -> list[Hit]:
    """The hits with what the cold tier knows, or alone where that takes too long; without hits that is an error."""
    if not queries.space_counts(scope).cold.memories:
        return hits
    try:
        # What was found is not lost with a statement that is given up.
        with transaction.atomic():
            return _searched_with_cold(scope, call, hits)
    except OperationalError as error:
        if not hits or not ran_out_of_time(error):
            raise
        return hits


def _searched_with_cold(scope: SpaceScope, call: RecallCall, hits: list[Hit]) -> list[Hit]:
    """The cold tier's texts are read for words only where words are all that was asked by."""
    if not call.lexical:
        # By meaning alone the order is the cosine's, which two searches, each on its own scale, would not keep.
        return queries.recall(scope, replace(call, tiers=tuple(Tier)))[0]
    cold, _ = queries.recall(scope, replace(call, tiers=(Tier.COLD,), lexical=call.lexical and not call.semantic))
    return sorted([*hits, *cold], key=lambda hit: (-hit.score, hit.memory.id))[: call.limit]


def depth_in(scope: SpaceScope, given: int | None) -> int:
    """The hops to go where so many were asked for, or none were named. Raises ``Invalid`` for more than the space allows."""
    most = scope.limits.max_spreading_depth
    if given is None:
        return min(DEPTH, most)
    if not 0 <= given <= most:
        raise Invalid(f"'depth' is {given}; the space {scope.space!r} allows 0 to {most}.", "depth_exceeded", "depth")
    return given


def prepare(scope: SpaceScope, cue: Cue, embed: Embed = vectors.embed) -> RecallCall:
    """What the database is asked for a cue, whose text is embedded or whose vector is checked here."""
    depth = depth_in(scope, cue.depth)
    semantic, lexical = "semantic" in cue.seeds, "lexical" in cue.seeds and cue.embedding is None
    vector = None
    if cue.embedding is not None:
        vector = vectors.check(scope, cue.embedding)
    elif cue.query is not None and semantic:
        (vector,) = embed(scope, [cue.query])
    # By meaning alone and without depth the order is the cosine's own.
    period = period_of(cue.query, timezone.now()) if cue.query is not None and (lexical or depth) else None
    return RecallCall(
        vector=vector,
        text=cue.query,
        memory=cue.memory,
        semantic=semantic,
        lexical=lexical,
        tiers=ANSWERING_TIERS if cue.tiers is None else cue.tiers,
        filters=cue.filters,
        limit=cue.limit,
        depth=depth,
        threshold=cue.threshold,
        # One more than asked for, because a memory that is the cue is its own best seed and left out.
        pool=max(POOL, cue.limit + 1),
        ef_search=installation().indexes.ef_search,
        sample=SAMPLE,
        budget=LEXICAL_BUDGET,
        lexical_weight=LEXICAL_WEIGHT * lexical if semantic else 1.0,
        decay=SPREADING.decay,
        fan_out=SPREADING.fan_out,
        frontier=SPREADING.frontier,
        sharpness=SHARPNESS,
        context=CONTEXT if depth else 0.0,
        since=period.since if period else None,
        until=period.until if period else None,
        timely=TIMELY,
        bias=BIAS if lexical or depth else 0.0,
    )
