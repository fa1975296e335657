"""Recall over several spaces at once: what a caller's own spaces and those shared with it have to say together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

from memory import vectors
from memory.records import Hit, Recalled, Vector
from memory.services import reinforcement
from memory.services.recall import Cue, Embed, search
from memory.side_by_side import side_by_side
from tenants.callers import Caller
from tenants.errors import EngramError, NotCovered, Problem, Unavailable
from tenants.models import Permission, Space
from tenants.operations import Action, outcome_of, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, tenant_tx
from tenants.services.access import entered, held_permissions, live_spaces

# One space may take this long, in milliseconds, and all of them together; the others' answers do not wait longer.
PATIENCE_MS = 2_000
PATIENCE_IN_ALL_MS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """How one space answered: its part of the hits, or the problem it had."""

    space: str
    hits: int
    took_ms: float
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class RecalledAcross:
    hits: Sequence[Hit]
    spaces: Sequence[Asked]
    took_ms: float


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one space said; ``scope`` is ``None`` if it had a problem."""

    asked: Asked
    hits: Sequence[Hit] = ()
    scope: SpaceScope | None = None


def recall_across(caller: Caller, names: Sequence[str] | None, cue: Cue) -> RecalledAcross:
    """The memories that a cue brings to mind in the named spaces, or in every space that the caller may read, best first.

    Activation stays inside each space; scores are in each space's own standard deviations, so they can be merged. A space
    that is limited, slow, archived or withdrawn is reported and the others answer. Raises ``NotCovered`` if a named space is
    none of the token's, and what ``live_spaces`` does for a caller who may touch nothing any more.
    """
    started = time.perf_counter()
    wanted, embed = _wanted(caller, names), _embedding_once()
    answers = side_by_side(partial(_ask, caller, cue, embed, started), wanted)
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.RECALL_ACROSS, target=number_of(len(wanted), "space"))
    hits = [hit for answer in answers for hit in answer.hits]
    best = sorted(hits, key=lambda hit: (-hit.score, hit.memory.id))[: cue.limit]
    # What came to nobody's mind in the end is not reinforced, and no cold memory is woken by it.
    for answer in answers:
        if answer.scope is not None:
            reinforcement.note(answer.scope, [hit for hit in best if hit.memory.space == answer.scope.space])
    return RecalledAcross(best, [answer.asked for answer in answers], (time.perf_counter() - started) * 1000)


def _embedding_once() -> Embed:
    """``vectors.embed``, but that a text is embedded once for all spaces of a model; an embedder that fails or refuses it is not
    asked again, because each space would wait for it anew."""
    known: dict[tuple[str, int, tuple[str, ...]], list[Vector] | Unavailable | vectors.TextRefused] = {}
    one_at_a_time = Lock()

    def embed(scope: SpaceScope, texts: Sequence[str]) -> list[Vector]:
        same = (scope.embedding_model, scope.embedding_dimension, tuple(texts))
        with one_at_a_time:
            if same not in known:
                known[same] = _embedded(scope, texts)
            answer = known[same]
        if isinstance(answer, EngramError):
            raise answer
        return answer

    return embed


def _embedded(scope: SpaceScope, texts: Sequence[str]) -> list[Vector] | Unavailable | vectors.TextRefused:
    try:
        return vectors.embed(scope, texts)
    except (Unavailable, vectors.TextRefused) as error:
        return error


def _ask(caller: Caller, cue: Cue, embed: Embed, started: float, name: str) -> _Answer:
    """One space's answer, which took its own time and is filed with it."""
    began = time.perf_counter()
    asking = caller.restarted()
    left_ms = PATIENCE_IN_ALL_MS - int((began - started) * 1000)
    try:
        scope, recalled = _search_in(asking, name, cue, embed, patience_ms=min(PATIENCE_MS, left_ms))
    except EngramError as error:
        _record_refusal(asking, name, error)
        return _Answer(Asked(name, 0, _ms_since(began), error.problems()[0]))
    return _Answer(Asked(name, len(recalled.hits), _ms_since(began), None), recalled.hits, scope)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _search_in(caller: Caller, name: str, cue: Cue, embed: Embed, *, patience_ms: int) -> tuple[SpaceScope, Recalled]:
    if patience_ms < 1:
        raise Unavailable("The spaces before this one took all the time that there is.", "too_slow")
    with entered(caller, name, Permission.READ) as scope:
        try:
            return scope, search(scope, cue, patience_ms=patience_ms, embed=embed)
        except TimeoutError as error:
            raise Unavailable(f"The space did not answer within {patience_ms} ms.", "too_slow") from error


def _record_refusal(caller: Caller, name: str, error: EngramError) -> None:
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, Action.RECALL, outcome=outcome_of(error.status_code), reason=error.reason(), space=name)


def _wanted(caller: Caller, names: Sequence[str] | None) -> list[str]:
    live = live_spaces(caller)
    if names is None:
        return [
            space.name
            for space in live
            if Permission.READ in held_permissions(caller, space) and space.status == Space.Status.ACTIVE
        ]
    covered = {space.name for space in live} if caller.claims is None else caller.claims.keys()
    if not covered >= set(names):
        raise NotCovered("The token does not cover all of these spaces.")
    return list(dict.fromkeys(names))
