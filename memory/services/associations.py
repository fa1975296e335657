"""Associations that clients make, see and take back."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from memory import queries
from memory.models import Association
from memory.records import AssociationRecord, Associations, Link
from memory.services.memories import alive, find
from tenants.errors import Invalid, NotFound
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx

# The heaviest of a memory's associations, each way, that a list shows.
MOST_LISTED = 200


def list_associations(scope: SpaceScope, memory_id: UUID) -> Associations:
    """A memory's associations in both directions, heaviest first. Raises ``NotFound``."""
    scope.require("read")
    with space_tx(scope, durable=False):
        find(scope, memory_id)
        found = [
            AssociationRecord(row.source_id, row.target_id, row.kind, row.weight)
            for row in associations_of(scope, memory_id)[: MOST_LISTED + 1]
        ]
        record(scope, Action.LIST_ASSOCIATIONS, target=memory_id)
    return Associations(found[:MOST_LISTED], is_cut=len(found) > MOST_LISTED)


def associations_of(scope: SpaceScope, memory_id: UUID) -> QuerySet[Association]:
    """Inside ``space_tx``: a memory's associations in both directions, heaviest first, but for those with what has expired."""
    either_way = Association.objects.filter(Q(source_id=memory_id) | Q(target_id=memory_id), space_id=scope.space_id)
    both_ends = [Exists(alive(scope).filter(id=OuterRef(end))) for end in ("source_id", "target_id")]
    return either_way.filter(*both_ends).order_by("-weight", "source_id", "target_id", "kind")


def associate(scope: SpaceScope, source: UUID, link: Link) -> AssociationRecord:
    """Link one memory to another, or change the link's weight. Raises ``NotFound`` or ``Invalid``."""
    scope.require("write")
    if source == link.target:
        raise Invalid("A memory cannot be associated with itself.")
    with space_tx(scope):
        held = queries.hold_memories(scope, [source, link.target])
        for memory_id in (source, link.target):
            if memory_id not in held:
                raise NotFound(f"There is no memory {memory_id} in this space.")
        queries.associate(scope, Association.Kind.EXPLICIT, [(source, link)])
        record(scope, Action.ASSOCIATE, target=f"{source} {link.target}")
    return AssociationRecord(source, link.target, Association.Kind.EXPLICIT, link.weight)


def dissociate(scope: SpaceScope, source: UUID, target: UUID) -> None:
    """Take an explicit link back; links that came about by themselves stay. Raises ``NotFound``."""
    scope.require("write")
    with space_tx(scope):
        deleted, _ = Association.objects.filter(
            space_id=scope.space_id, source_id=source, target_id=target, kind=Association.Kind.EXPLICIT
        ).delete()
        if not deleted:
            raise NotFound(f"There is no explicit association from {source} to {target} in this space.")
        record(scope, Action.DISSOCIATE, target=f"{source} {target}")
