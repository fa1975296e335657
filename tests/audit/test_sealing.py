"""Sealing: which events a seal takes, who makes it, and what becomes of seals once their month is dropped."""

import os
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from psycopg.errors import InsufficientPrivilege

from audit import tasks
from audit.models import AuditSeal
from audit.services import seals
from audit.services.verify import Head, verify_audit
from tenants.callers import operator
from tenants.models import Tenant
from tenants.scope import tenant_tx
from tests.audit.sealed import (
    EVENTS,
    Tamper,
    as_superuser,
    events,
    found,
    make_events,
    seal_digest,
    settle,
    told,
    verified,
)
from tests.world import World


def test_many_events_take_several_seals(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST_EVENTS", 3)
    tenant_id = Tenant.objects.get(slug="globex").id
    settle()
    sealed = seals.seal_events(tenant_id)
    assert (verified("globex").seals, verified("globex").events) == (-(-sealed // 3), sealed)


def test_a_seal_holds_events_of_one_month_alone(acme: UUID) -> None:
    with as_superuser() as admin:
        admin.execute("delete from audit_auditseal")
        admin.execute(f"update audit_auditevent set at = '2001-12-31 23:59' where id = '{events(acme)[3].id}'")
        admin.execute(f"update audit_auditevent set at = '2002-01-01' where id = '{events(acme)[4].id}'")
    seals.seal_events(acme)
    with tenant_tx(acme):
        sealed = list(AuditSeal.objects.order_by("number").values_list("events", flat=True))
    assert sealed == [1, 1, 2 * EVENTS - 2]


def test_what_another_transaction_may_still_write_is_not_sealed(acme: UUID) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as app:
        app.execute("select set_config('engram.tenant_id', %s, true)", [str(acme)])
        app.execute(
            """
            insert into audit_auditevent (tenant_id, actor_kind, action, outcome, request_id, duration_ms)
            values (%s, 'key', 'recall', 'allowed', 'slow', 1)
            """,
            [acme],
        )
        make_events(acme, 1)
        assert seals.seal_events(acme) == 0
    settle()
    assert seals.seal_events(acme) == 2
    assert found() == []


def test_one_worker_at_a_time_seals_a_tenants_events(acme: UUID) -> None:
    make_events(acme)
    settle()
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended('audit_seals ' || %s, 0))", [str(acme)])
        assert seals.seal_events(acme) == 0


def test_the_task_seals_everybodys_events_and_nobodys_in_particular(world: World) -> None:
    settle()
    assert tasks.seal_events() > 0
    assert tasks.seal_events() == 0
    chains = {chain.tenant: chain for chain in verify_audit(operator("tests"))}
    assert [chain.findings for chain in chains.values()] == [[]] * 3
    assert {"acme", "globex"} <= {tenant for tenant, chain in chains.items() if chain.last_seal}


def test_events_that_nobody_seals_are_told(acme: UUID) -> None:
    make_events(acme)
    with as_superuser() as admin:
        admin.execute("update audit_auditevent set at = at - interval '2 hours'")
        admin.execute("delete from audit_auditseal")
    assert [kind for kind, _ in found()] == ["not sealed"]


def expire_seals(tenant_id: UUID, numbers: int) -> None:
    """Set the first seals and their events back to a month that is kept no longer, and have it dropped."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for table in ("audit_auditevent", "audit_auditseal"):
            owner.execute(
                f"create table {table}_202001 partition of {table} for values from ('2020-01-01Z') to ('2020-02-01Z')"
            )
    with as_superuser() as admin:
        admin.execute(
            f"update audit_auditseal set through_at = '2020-01-07' where tenant_id = '{tenant_id}' and number <= {numbers}"
        )
        old = tuple(str(event.id) for event in events(tenant_id)[: numbers * EVENTS])
        admin.execute(f"update audit_auditevent set at = '2020-01-07' where id in {old}")
    assert tasks.expire_partitions() == ["audit_auditevent_202001", "audit_auditseal_202001"]
    assert tasks.expire_partitions() == []


def test_months_that_are_kept_no_longer_are_dropped_with_their_seals(acme: UUID) -> None:
    heads = [Head(number, seal_digest(acme, number)) for number in (1, 2)]
    expire_seals(acme, 1)
    for head in heads:
        chain = verified(against={"acme": head})
        assert (chain.seals, chain.expired, chain.last_seal, chain.findings) == (1, 1, 2, [])
    assert told(against={"acme": Head(1, "00")}) == [("seal changed", "seal 1 is not the one that was kept")]


def test_what_is_taken_away_behind_the_months_that_were_dropped_is_missed(acme: UUID, tamper: Tamper) -> None:
    make_events(acme)
    settle()
    seals.seal_events(acme)
    kept = Head(2, seal_digest(acme, 2))
    expire_seals(acme, 1)
    tamper(f"delete from audit_auditseal where tenant_id = '{acme}' and number = 2")
    assert ("seals missing", "seals 2 to 2 are gone") in told()
    assert ("seals missing", "seal 2, which was kept, is gone and has not expired") in told(against={"acme": kept})


def test_a_chain_that_was_dropped_whole_goes_on_where_it_ended(acme: UUID) -> None:
    expire_seals(acme, 2)
    make_events(acme)
    settle()
    assert seals.seal_events(acme) == EVENTS
    chain = verified()
    assert (chain.seals, chain.expired, chain.last_seal, chain.findings) == (1, 2, 3, [])


def test_how_long_the_trail_is_kept_is_not_the_apps_to_say(world: World) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as app, pytest.raises(InsufficientPrivilege):
        app.execute("update audit_retention set months = 3")
    with pytest.raises(CommandError, match="months is 2; allowed: 3 to 1200"):
        call_command("keep_audit", "2")
