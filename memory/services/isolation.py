"""Checking a live installation's isolation: its locks as the database has them, its settings, and an attempt to get past them."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.core import checks
from django.db import DatabaseError, transaction

from memory import isolation_queries as queries
from memory.models import Association
from memory.queries import associate
from memory.records import Link, NewMemory
from memory.services.erase import erase
from memory.services.memories import read_memory
from memory.services.recall import Cue, recall
from memory.services.remember import remember
from tenants.callers import Actor, Caller
from tenants.errors import NotFound, Refused
from tenants.models import Permission, Tenant
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx, tenant_tx
from tenants.services.access import open_space, require_operator
from tenants.services.erasures import erase_space
from tenants.services.keys import create_key, verify_key
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import create_tenant

Verdict = Literal["ok", "failed", "warning"]

DATABASE_CHECKS = ("role", "owner", "policies", "grants", "audit", "functions", "views", "versions")
DIMENSION = 4
VECTOR = [1.0] * DIMENSION
CONTENT = "What only the other side of the probe may know."
EVERYTHING = frozenset(Permission.values)


@dataclass(frozen=True, slots=True)
class Checked:
    """One check: ``faults`` are sentences; with none it is ``ok``."""

    check: str
    verdict: Verdict
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Side:
    """A throwaway tenant with a space and a memory in it."""

    caller: Caller
    scope: SpaceScope
    memory: UUID


def check_isolation(operator: Caller) -> list[Checked]:
    """Check everything, the live probe last. Raises ``Refused`` for all but operators."""
    require_operator(operator)
    checked = [*_database(), _settings(), _probe(operator)]
    failed = [each.check for each in checked if each.verdict == "failed"]
    with tenant_tx(operator.tenant_id):
        record(operator, Action.CHECK_ISOLATION, target=f"failed: {', '.join(failed)}" if failed else "ok")
    return checked


def _database() -> Iterator[Checked]:
    found = queries.isolation_faults()
    for check in DATABASE_CHECKS:
        faults = [fault for name, fault in found if name == check]
        yield Checked(check, "failed" if faults else "ok", faults)


def _settings() -> Checked:
    """Django's own checks of a deployment: they concern sessions and transport, and so warn."""
    messages = [
        message.msg
        for message in checks.run_checks(include_deployment_checks=True)
        if not message.is_silenced() and message.level >= checks.WARNING and str(message.id).startswith("security.")
    ]
    return Checked("settings", "warning" if messages else "ok", [" ".join(message.split()) for message in messages])


def _probe(operator: Caller) -> Checked:
    with _side(operator) as mine, _side(operator) as theirs:
        attempts: dict[str, Callable[[], bool]] = {
            "a recall found the other tenant's memory": lambda: _recalls(mine, theirs),
            "without a scope memories are visible": lambda: queries.space_rows(theirs.scope.space_id) > 0,
            "a scope shows another space's memories": lambda: _sees(mine, theirs),
            "a memory was read by its id through another space": lambda: _reads(mine, theirs),
            "a space was opened by a key of another tenant": lambda: _opens(mine, theirs),
            "a memory was stored in another space": lambda: _stores(mine, theirs),
            "an association was made across spaces": lambda: _associates(mine, theirs),
            "a space does not see its own memory, so nothing was proved": lambda: not _sees(mine, mine),
        }
        faults = [fault for fault, succeeds in attempts.items() if succeeds()]
    return Checked("live probe", "failed" if faults else "ok", faults)


@contextmanager
def _side(operator: Caller) -> Iterator[_Side]:
    name = f"probe-{secrets.token_hex(6)}"
    tenant = create_tenant(operator, name)
    new = NewSpace(name, embedding_model="of-the-client", embedding_dimension=DIMENSION)
    create_space(operator, new, tenant_slug=name)
    key = verify_key(create_key(operator, name, {name: EVERYTHING}, name="probe").api_key)
    caller = Caller(tenant.id, Actor("key", str(key.id), key.name), {name: EVERYTHING}, operator.origin)
    scope = open_space(caller, name, Permission.WRITE)
    try:
        memory, _ = remember(scope, NewMemory(CONTENT, embedding=VECTOR))
        yield _Side(caller, scope, memory.id)
    finally:
        # What is left of them is their audit trail.
        erase_space(caller, name)
        erase(SpaceScope.for_erasure(scope.space_id))
        Tenant.objects.filter(id=tenant.id).delete()


def _recalls(mine: _Side, theirs: _Side) -> bool:
    found = recall(mine.scope, Cue(embedding=VECTOR, seeds=frozenset({"semantic"})))
    return theirs.memory in {hit.memory.id for hit in found.hits}


def _sees(mine: _Side, theirs: _Side) -> bool:
    with space_tx(mine.scope, durable=False):
        return queries.space_rows(theirs.scope.space_id) > 0


def _reads(mine: _Side, theirs: _Side) -> bool:
    return not _refused(lambda: read_memory(mine.scope, theirs.memory), NotFound)


def _opens(mine: _Side, theirs: _Side) -> bool:
    claiming = Caller(mine.caller.tenant_id, mine.caller.actor, {theirs.scope.space: EVERYTHING}, mine.caller.origin)
    return not _refused(lambda: open_space(claiming, theirs.scope.space, Permission.READ), Refused)


def _stores(mine: _Side, theirs: _Side) -> bool:
    def store() -> None:
        with space_tx(mine.scope):
            Association.objects.create(
                space_id=theirs.scope.space_id,
                source_id=theirs.memory,
                target_id=theirs.memory,
                kind="explicit",
                weight=1,
            )

    return not _refused(store, DatabaseError)


def _associates(mine: _Side, theirs: _Side) -> bool:
    def link() -> None:
        with space_tx(mine.scope):
            associate(mine.scope, Association.Kind.EXPLICIT, [(mine.memory, Link(theirs.memory))])

    return not _refused(link, DatabaseError)


def _refused(attempt: Callable[[], object], expected: type[Exception]) -> bool:
    try:
        with transaction.atomic():
            attempt()
    except expected:
        return True
    return False
