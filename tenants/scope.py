"""The scope of a piece of work: which space it may see, and the one transaction that makes the database agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from tenants import queries
from tenants.callers import SYSTEM, Actor, Caller, Origin
from tenants.errors import NotFound, Refused, SpaceErasing
from tenants.limits import Limits
from tenants.models import Permission


class ScopeError(RuntimeError):
    """Code asked for a scope that it may not have: a mistake of ours, never of a client."""


class SpaceGone(ScopeError):
    """A worker came to a space that is there no more, or not in the state that it is to be worked on."""


@dataclass(frozen=True, slots=True)
class SpaceScope:
    """Leave to work in one space, as ``open_space`` gives it after every check.

    ``tenant_id`` is the caller's tenant, under which its operations are audited; for a shared space it is not the owner's.
    """

    space_id: UUID
    space: str
    tenant_id: UUID
    actor: Actor
    permissions: frozenset[str]
    limits: Limits
    embedding_model: str
    embedding_dimension: int
    origin: Origin

    def restarted(self) -> "SpaceScope":
        return replace(self, origin=self.origin.restarted())

    def require(self, permission: str) -> None:
        if permission not in self.permissions:
            raise Refused(f"This needs the permission {permission!r} on the space {self.space!r}.")

    @classmethod
    def for_task(cls, space_id: UUID) -> "SpaceScope":
        """The scope of a worker's task: the space by its id, as its own tenant; raises ``SpaceGone`` if it is gone."""
        space = queries.space_by_id(space_id)
        if space is None:
            raise SpaceGone(f"There is no space {space_id} to work on.")
        return cls._of(space, SYSTEM, frozenset(Permission.values), Origin(address="worker"))

    @classmethod
    def for_erasure(cls, space_id: UUID) -> "SpaceScope":
        """The scope of the worker that erases a space; raises ``SpaceGone`` if it is not being erased."""
        space = queries.erasing_space_by_id(space_id)
        if space is None:
            raise SpaceGone(f"There is no space {space_id} to erase.")
        return cls._of(space, SYSTEM, frozenset(Permission.values), Origin(address="worker"))

    @classmethod
    def for_operator(cls, operator: Caller, name: str) -> "SpaceScope":
        """The scope of an operator's command, filed under the space's tenant: to write, not to look. Raises ``NotFound``."""
        space = queries.space_by_name(name)
        if space is None:
            raise NotFound(f"There is no space {name!r}.")
        return cls._of(space, operator.actor, frozenset({Permission.WRITE.value}), operator.origin)

    @classmethod
    def for_break_glass(cls, operator: Caller, space_id: UUID) -> "SpaceScope":
        """The scope of an operator who broke the glass, filed under the space's tenant: to look, not to write.

        For ``tenants.services.break_glass``, which checks that they did. Raises ``NotFound``.
        """
        space = queries.space_by_id(space_id)
        if space is None:
            raise NotFound("The space is gone, or being erased.")
        return cls._of(space, operator.actor, frozenset({Permission.READ.value}), operator.origin)

    @classmethod
    def _of(cls, space: queries.WorkSpace, actor: Actor, permissions: frozenset[str], origin: Origin) -> "SpaceScope":
        return cls(
            space_id=space.id,
            space=space.name,
            tenant_id=space.tenant_id,
            actor=actor,
            permissions=permissions,
            limits=space.limits,
            embedding_model=space.embedding_model,
            embedding_dimension=space.embedding_dimension,
            origin=origin,
        )


@dataclass(frozen=True, slots=True)
class _Bound:
    space_id: UUID | None
    tenant_id: UUID


_bound: ContextVar[_Bound | None] = ContextVar("engram_bound", default=None)


@contextmanager
def space_tx(scope: SpaceScope, *, durable: bool = True) -> Iterator[None]:
    """Open a transaction that can see one space and nothing else. Put only SQL inside.

    With ``durable=False`` the commit does not wait for the disk: right for reads, whose only write is their audit row.
    Raises ``SpaceErasing`` for what would be added to a space that was erased since it was opened.
    """
    try:
        with _bound_tx(_Bound(scope.space_id, scope.tenant_id), durable=durable):
            yield
    except IntegrityError as error:
        if queries.misses_space(error):
            raise SpaceErasing from error
        raise


@contextmanager
def tenant_tx(tenant_id: UUID, *, durable: bool = True) -> Iterator[None]:
    """Open a transaction for the control plane and the tenant's audit trail; it sees no space."""
    with _bound_tx(_Bound(None, tenant_id), durable=durable):
        yield


@contextmanager
def _bound_tx(wanted: _Bound, *, durable: bool) -> Iterator[None]:
    active = _bound.get()
    if active is not None and active.space_id is not None and active != wanted:
        raise ScopeError(f"Already inside space {active.space_id}; cannot enter {wanted.space_id}.")
    if active is not None and active.tenant_id != wanted.tenant_id:
        raise ScopeError(f"Already inside tenant {active.tenant_id}; cannot enter {wanted.tenant_id}.")
    nested = connection.in_atomic_block
    with transaction.atomic():
        queries.bind(wanted.space_id, wanted.tenant_id, durable=durable)
        token = _bound.set(wanted)
        try:
            yield
        finally:
            _bound.reset(token)
        # A local setting outlives the savepoint it was made in. After an error the rollback to the savepoint undoes it.
        if nested:
            queries.bind(active.space_id if active else None, active.tenant_id if active else None)
