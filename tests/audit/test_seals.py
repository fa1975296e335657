"""Seals: whoever tampers with the trail, the owner or a superuser, ``verify_audit`` says which event it was and when."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from audit.models import AuditEvent, AuditSeal
from audit.services import seals
from audit.services.verify import Finding, Head
from tenants.scope import tenant_tx
from tests.audit.sealed import EVENTS, Tamper, as_superuser, events, found, seal_digest, told, verified


def test_a_trail_that_nobody_touched_is_whole(acme: UUID) -> None:
    chain = verified()
    assert (chain.seals, chain.last_seal, chain.events, chain.not_sealed, chain.findings) == (2, 2, 2 * EVENTS, 0, [])
    assert len(bytes.fromhex(chain.head)) == 32


@pytest.mark.parametrize(
    "change",
    ["outcome = 'denied'", "actor_name = 'nobody'", "space = ''", "duration_ms = duration_ms + 1", "target = ''",
     "reason = 'x'", "request_id = 'x'", "address = 'x'", "action = 'forget'", "actor_kind = 'member'", "actor_id = 'x'",
     "space_id = uuidv7()", "times = 2"],
)  # fmt: skip
def test_a_changed_event_is_named(acme: UUID, tamper: Tamper, change: str) -> None:
    victim = events(acme)[2]
    tamper(f"update audit_auditevent set {change} where id = '{victim.id}'")
    (finding,) = verified().findings
    assert (finding.kind, finding.event, finding.at, finding.seal) == ("changed", victim.id, victim.at, 1)


def test_every_column_is_covered(acme: UUID) -> None:
    assert {field.name for field in AuditEvent._meta.fields} - {"pk"} == set(seals.COVERED)


def test_a_removed_event_is_named_with_the_time_of_its_making(acme: UUID, tamper: Tamper) -> None:
    victim = events(acme)[7]
    tamper(f"delete from audit_auditevent where id = '{victim.id}'")
    (finding,) = verified().findings
    assert (finding.kind, finding.event, finding.seal) == ("removed", victim.id, 2)
    assert finding.at is not None
    assert abs(finding.at - victim.at) < timedelta(seconds=10)


def test_several_removed_events_are_each_named(acme: UUID, tamper: Tamper) -> None:
    tamper("delete from audit_auditevent")
    assert [kind for kind, _ in found()] == ["removed"] * 2 * EVENTS


def test_an_inserted_event_is_named(acme: UUID, tamper: Tamper) -> None:
    forged = UUID(int=77)
    tamper(
        f"""
        insert into audit_auditevent (id, at, tenant_id, actor_kind, action, outcome, request_id, duration_ms)
        select '{forged}', max(at) - interval '1 millisecond', '{acme}', 'key', 'recall', 'allowed', 'forged', 1
        from audit_auditevent
        """
    )
    assert ("inserted", forged) in found()


def test_the_app_itself_cannot_write_into_the_past_unseen(acme: UUID) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as app:
        app.execute("select set_config('engram.tenant_id', %s, true)", [str(acme)])
        app.execute(
            """
            insert into audit_auditevent (at, tenant_id, actor_kind, action, outcome, request_id, duration_ms)
            values ('2020-01-01', %s, 'key', 'recall', 'allowed', 'forged', 1)
            """,
            [acme],
        )
    assert [kind for kind, _ in found()] == ["inserted"]


def test_two_events_that_changed_places_are_named(acme: UUID, tamper: Tamper) -> None:
    first, second = events(acme)[1:3]
    tamper(
        f"""
        update audit_auditevent set at = case id when '{first.id}' then '{second.at}'::timestamptz else '{first.at}' end
        where id in ('{first.id}', '{second.id}')
        """
    )
    assert sorted(found()) == sorted([("reordered", first.id), ("reordered", second.id)])


@pytest.mark.parametrize("ahead", ["0.5 seconds", "-1 hour", "1 minute"])
def test_an_event_that_was_moved_in_time_is_named(acme: UUID, tamper: Tamper, ahead: str) -> None:
    victim = events(acme)[1]
    tamper(f"update audit_auditevent set at = at + interval '{ahead}' where id = '{victim.id}'")
    assert [event for _, event in found()] == [victim.id]
    assert {kind for kind, _ in found()} <= {"reordered", "changed"}


def test_an_event_given_to_another_tenant_is_missed_where_it_was(acme: UUID, tamper: Tamper) -> None:
    victim = events(acme)[1]
    tamper(f"update audit_auditevent set tenant_id = uuidv7() where id = '{victim.id}'")
    assert found() == [("removed", victim.id)]


@pytest.mark.parametrize(
    "change", ["digest = sha256('x')", "previous = sha256('x')", "manifest = substr(manifest, 1, 48)", "number = 7"]
)
def test_a_changed_seal_is_told(acme: UUID, tamper: Tamper, change: str) -> None:
    tamper(f"update audit_auditseal set {change} where tenant_id = '{acme}' and number = 1")
    assert {"seal changed", "seals missing"} & {kind for kind, _ in found()}


def test_a_seal_made_anew_for_changed_events_does_not_fit_the_next(acme: UUID, tamper: Tamper) -> None:
    tamper(f"update audit_auditevent set outcome = 'denied' where id = '{events(acme)[2].id}'")
    with tenant_tx(acme):
        old = AuditSeal.objects.get(tenant_id=acme, number=1)
        rows = AuditEvent.objects.order_by("at", "id").values_list(*seals.COVERED)[:EVENTS]
        manifest = b"".join(seals.entry(row) for row in rows)
    digest = seals.digest(acme, 1, bytes(old.previous), manifest)
    tamper(
        f"update audit_auditseal set manifest = '\\x{manifest.hex()}', digest = '\\x{digest.hex()}' where number = 1"
    )
    assert [(finding.kind, finding.seal) for finding in verified().findings] == [("seal changed", 2)]


def test_a_seal_taken_away_is_missed(acme: UUID, tamper: Tamper) -> None:
    tamper(f"delete from audit_auditseal where tenant_id = '{acme}' and number = 1")
    (finding,) = verified().findings
    assert (finding.kind, finding.what) == ("seals missing", "seals 1 to 1 are gone")


def test_a_beginning_taken_away_is_missed_however_old_the_tenant_is(acme: UUID, tmp_path: Path) -> None:
    (first, *_) = events(acme)
    kept = Head(1, seal_digest(acme, 1))
    with as_superuser() as admin:
        admin.execute("update tenants_tenant set created_at = '2020-01-01'")
        admin.execute(f"delete from audit_auditseal where tenant_id = '{acme}' and number = 1")
        admin.execute(f"delete from audit_auditevent where at < '{first.at}'::timestamptz + interval '1 second'")
    assert ("seals missing", "seals 1 to 1 are gone") in told()
    assert ("seals missing", "seal 1, which was kept, is gone and has not expired") in told(against={"acme": kept})


def test_the_app_cannot_write_down_what_expired(acme: UUID) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as app, pytest.raises(InsufficientPrivilege):
        app.execute("insert into audit_expiredseal values (%s, 1, now(), uuidv7(), '')", [acme])


def test_what_is_done_to_one_tenants_trail_is_not_held_against_another(acme: UUID, tamper: Tamper) -> None:
    tamper(f"delete from audit_auditevent where tenant_id = '{acme}'")
    assert verified("globex").findings == []


def test_a_chain_made_anew_is_shown_by_the_head_that_was_kept(
    acme: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "heads.json"
    with kept.open("w") as file:
        call_command("verify_audit", "--json", stdout=file)
    call_command("verify_audit", "--against", str(kept))
    capsys.readouterr()
    with as_superuser() as admin:
        admin.execute("delete from audit_auditseal")
        admin.execute(f"delete from audit_auditevent where id = '{events(acme)[2].id}'")
    seals.seal_events(acme)
    assert found() == []
    with pytest.raises(CommandError, match="not as it was sealed"):
        call_command("verify_audit", "--against", str(kept))
    assert "acme: seals missing: the chain once had seal 2" in capsys.readouterr().out


def test_a_finding_says_when(acme: UUID, tamper: Tamper) -> None:
    tamper(f"update audit_auditevent set outcome = 'failed' where id = '{events(acme)[0].id}'")
    finding: Finding = verified().findings[0]
    assert finding.at is not None
    assert timezone.now() - finding.at < timedelta(minutes=5)
