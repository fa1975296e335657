"""Counting operations for Prometheus, by space.

Each space is a label of its own until there are ``ENGRAM_METRICS_MAX_SPACES``, the oldest first; all others together are
``other``, and so is a name that is no space's: whatever clients send, there are never more series than that.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from prometheus_client import Counter

from tenants import queries
from tenants.operations import Operation, operation_recorded

OTHER = "other"
NONE = ""

OPERATIONS = Counter(
    "engram_operations",
    "Operations by space, name and outcome; those outside of every space have no space.",
    ["space", "operation", "outcome"],
)

_labels: frozenset[str] = frozenset()


def connect() -> None:
    operation_recorded.connect(_count_when_stored, dispatch_uid="metrics")


def space_label(name: str) -> str:
    """The label under which a space is counted."""
    if not name or name in _labels:
        return name
    # While there is room, a name that is not known may be a new space's.
    if len(_labels) < settings.METRICS_MAX_SPACES and name in labelled_spaces():
        return name
    return OTHER


def labelled_spaces() -> Mapping[str, str]:
    """The tenants of the spaces that have a label of their own, by the spaces' names, as the database has them now."""
    global _labels
    found = queries.labelled_spaces(settings.METRICS_MAX_SPACES)
    _labels = frozenset(found)
    return found


def _count_when_stored(operation: Operation, **_: Any) -> None:
    # A count that fails is logged, and does not undo what was done.
    transaction.on_commit(partial(_count, operation), robust=True)


def _count(operation: Operation) -> None:
    OPERATIONS.labels(space_label(operation.space), operation.action.value, operation.outcome).inc(operation.times)
