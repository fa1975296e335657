"""The trail and its seals as tests make them, tamper with them and have them verified."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from audit.models import AuditEvent, AuditSeal
from audit.services.verify import Verified, verify_audit
from tenants.callers import Actor, Caller, Origin, operator
from tenants.operations import Action, record
from tenants.scope import tenant_tx

EVENTS = 5
Tamper = Callable[[str], None]


def make_events(tenant_id: UUID, events: int = EVENTS) -> None:
    caller = Caller(tenant_id, Actor("key", "an-id", "a key"), {}, Origin())
    for number in range(events):
        with tenant_tx(tenant_id):
            record(caller, Action.RECALL, target=f"{number} memories", space="acme_s1")


def settle() -> None:
    """Set the events back by two seconds, so that they are old enough to be sealed."""
    with as_superuser() as admin:
        newest = (
            "(select coalesce(max(through_at), '-infinity') from audit_auditseal s where s.tenant_id = e.tenant_id)"
        )
        admin.execute(f"update audit_auditevent e set at = at - interval '2 seconds' where at > {newest}")


@contextmanager
def as_superuser() -> Iterator[psycopg.Connection]:
    """A superuser's replica session, in which no trigger fires."""
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("set session_replication_role = replica")
        yield admin


@contextmanager
def as_owner() -> Iterator[psycopg.Connection]:
    """The schema's owner, who takes the triggers away and puts them back."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for table in ("audit_auditevent", "audit_auditseal"):
            owner.execute(f"alter table {table} disable trigger user")
        yield owner
        for table in ("audit_auditevent", "audit_auditseal"):
            owner.execute(f"alter table {table} enable trigger user")


def verified(slug: str = "acme", **options: Any) -> Verified:
    (chain,) = verify_audit(operator("tests"), slug, **options)
    return chain


def found(slug: str = "acme") -> list[tuple[str, UUID | None]]:
    return [(finding.kind, finding.event) for finding in verified(slug).findings]


def told(**options: Any) -> list[tuple[str, str]]:
    return [(finding.kind, finding.what) for finding in verified(**options).findings]


def seal_digest(tenant_id: UUID, number: int) -> str:
    with tenant_tx(tenant_id):
        return bytes(AuditSeal.objects.get(tenant_id=tenant_id, number=number).digest).hex()


def events(tenant_id: UUID) -> list[AuditEvent]:
    with tenant_tx(tenant_id):
        return list(AuditEvent.objects.filter(tenant_id=tenant_id).order_by("at", "id"))
