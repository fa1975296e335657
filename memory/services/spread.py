"""Spreading activation from chosen memories, to look at what they are associated with."""

from collections.abc import Sequence
from uuid import UUID

from memory import metrics, queries
from memory.records import SpreadResult
from memory.services.recall import Spreading, depth_in
from tenants.errors import NotFound
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import SpaceScope, space_tx

# More than this nobody looks at, and a graph of it does not draw.
MOST_ACTIVATED = 1_000


def spread(scope: SpaceScope, sources: Sequence[UUID], depth: int | None, spreading: Spreading) -> SpreadResult:
    """Activation from ``sources``, each starting at 1, and the associations it flowed along; ``depth`` as in a ``Cue``.

    Raises ``Invalid`` for too much depth, ``NotFound`` for a source that is not a memory of the space.
    """
    scope.require("read")
    hops = depth_in(scope, depth)
    distinct = list(dict.fromkeys(sources))
    with space_tx(scope, durable=False):
        missing = queries.missing_memories(scope, distinct)
        if missing:
            raise NotFound(f"There is no memory {missing[0]} in this space.")
        with metrics.spreading(scope, hops):
            activations = queries.spread(
                scope,
                distinct,
                depth=hops,
                decay=spreading.decay,
                threshold=spreading.threshold,
                fan_out=spreading.fan_out,
                frontier=spreading.frontier,
                limit=MOST_ACTIVATED,
            )
        flows = queries.flows(scope, activations)
        record(scope, Action.SPREAD, target=number_of(len(activations), "memory", "memories"))
    return SpreadResult(activations, flows, is_cut=len(activations) == MOST_ACTIVATED)
