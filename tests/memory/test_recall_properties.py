"""Recall under random filters: nothing that they leave out, and all there is room for of what they let pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.models import Memory, Tier
from memory.records import NewMemory
from memory.services.recall import Cue, recall
from memory.services.remember import remember_batch
from tenants.scope import SpaceScope, space_tx
from tests.memory.space_api import LONG_AGO, space_of_vectors
from tests.world import World, scope_of

DAY_ZERO = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ["fact", "opinion", "event"]
SESSIONS = ["call", "chat", None]
TAGS = ["red", "green", "blue"]


@dataclass(frozen=True)
class Filed:
    """A space of memories, and what each is filed under."""

    scope: SpaceScope
    memories: Mapping[UUID, Memory]


def day(number: int) -> datetime:
    return DAY_ZERO + timedelta(days=number)


@pytest.fixture
def filed(world: World) -> Filed:
    space_of_vectors("acme_filed", 3)
    scope, random = scope_of("acme_filed"), np.random.default_rng(3)
    memories = [
        NewMemory(
            f"Memory {n} of {TAGS[n % 3]}.",
            kind=KINDS[n % 3],
            session=SESSIONS[n // 3 % 3],
            metadata={"tags": TAGS[n % 4 :], "number": n % 5},
            observed_at=day(n // 2),
            embedding=random.normal(size=3).tolist(),
        )
        for n in range(90)
    ]
    ids = [stored.id for stored in remember_batch(scope, memories)]
    with space_tx(scope):
        for n, memory_id in enumerate(ids):
            Memory.objects.filter(id=memory_id).update(tier=Tier.values[n // 7 % 3], created_at=day(90 - n))
        Memory.objects.filter(id__in=ids[::11]).update(expires_at=LONG_AGO)
        return Filed(scope, {memory.id: memory for memory in Memory.objects.all()})


TIMES = st.integers(-1, 91).map(day)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from([*KINDS, "rumour"]),
        "session": st.sampled_from(["call", "chat", "letter"]),
        "metadata": st.sampled_from([{}, {"number": 2}, {"tags": ["blue"]}, {"tags": ["red", "blue"], "number": 1}]),
        "created_after": TIMES,
        "created_before": TIMES,
        "observed_after": TIMES,
        "observed_before": TIMES,
    },
)
CUES = st.fixed_dictionaries(
    {
        "embedding": st.tuples(*[st.integers(-3, 3)] * 3).filter(any),
        "limit": st.integers(1, 100),
        "depth": st.integers(0, 3),
        "tiers": st.sets(st.sampled_from(Tier.values), min_size=1).map(sorted),
        "threshold": st.sampled_from([0.0, 0.05, 0.5]),
    }
)


def passes(memory: Memory, filters: Mapping[str, Any], tiers: Sequence[str]) -> bool:
    wanted = filters.get("metadata", {})
    return (
        memory.expires_at is None
        and memory.tier in tiers
        and filters.get("kind", memory.kind) == memory.kind
        and filters.get("session", memory.session) == memory.session
        and wanted.get("number", memory.metadata["number"]) == memory.metadata["number"]
        and set(wanted.get("tags", [])) <= set(memory.metadata["tags"])
        and filters.get("created_after", LONG_AGO) < memory.created_at
        and filters.get("created_before", day(1_000)) > memory.created_at
        and filters.get("observed_after", LONG_AGO) < memory.observed_at
        and filters.get("observed_before", day(1_000)) > memory.observed_at
    )


@given(filters=FILTERS, cue=CUES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_what_passes_is_recalled_and_as_much_as_was_asked_for(
    filed: Filed, filters: dict[str, Any], cue: dict[str, Any]
) -> None:
    allowed = {memory.id for memory in filed.memories.values() if passes(memory, filters, cue["tiers"])}
    written = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in filters.items()}
    recalled = [hit.memory.id for hit in recall(filed.scope, Cue(**cue, filters=written)).hits]
    assert set(recalled) <= allowed
    assert len(recalled) == len(set(recalled)) == min(cue["limit"], len(allowed))
