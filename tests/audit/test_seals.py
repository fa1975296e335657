"""Seals: whoever tampers with the trail, the owner or a superuser, ``verify_audit`` says which event it was and when."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from audit import tasks
from audit.models import AuditEvent, AuditSeal
from audit.services import seals
from audit.services.verify import Finding, Head, Verified, verify_audit
from tenants.callers import INSTALLATION, Actor, Caller, Origin, operator
from tenants.errors import NotFound, Refused
from tenants.models import Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tests.world import World

EVENTS = 5
Tamper = Callable[[str], None]


@pytest.fixture
def acme(world: World) -> UUID:
    """A tenant with five events of its own making, sealed, and five more, sealed too."""
    tenant_id = Tenant.objects.get(slug="acme").id
    with as_superuser() as admin:
        admin.execute("delete from audit_auditevent")
    for _ in range(2):
        make_events(tenant_id)
        settle()
        seals.seal_events(tenant_id)
    return tenant_id


def make_events(tenant_id: UUID, events: int = EVENTS) -> None:
    caller = Caller(tenant_id, Actor("key", "an-id", "a key"), {}, Origin())
    for number in range(events):
        with tenant_tx(tenant_id):
            record(caller, Action.RECALL, target=f"{number} memories", space="acme_s1")


def settle() -> None:
    """Set the events back by a minute, so that they are old enough to be sealed."""
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


@pytest.fixture(params=[as_owner, as_superuser], ids=["the owner", "a superuser"])
def tamper(request: pytest.FixtureRequest) -> Tamper:
    def run(statement: str) -> None:
        with request.param() as connection:
            connection.execute(statement)

    return run


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


def test_the_command_says_what_was_found_and_fails(acme: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    victim = events(acme)[2]
    with as_superuser() as admin:
        admin.execute(f"update audit_auditevent set outcome = 'denied' where id = '{victim.id}'")
    with pytest.raises(CommandError, match="see above what was found"):
        call_command("verify_audit")
    told = capsys.readouterr().out
    expected = f"acme: changed (seal 1): recall of a key at {victim.at:%Y-%m-%d %H:%M:%S.%f}, denied, event {victim.id}"
    assert expected in told


def test_the_command_succeeds_where_all_is_well(acme: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit", "--json")
    chains = {chain["tenant"]: chain for chain in json.loads(capsys.readouterr().out)["results"]}
    assert set(chains) == {"acme", "globex", "(installation)"}
    assert (chains["acme"]["events"], chains["acme"]["findings"]) == (2 * EVENTS, [])


@pytest.mark.parametrize(("text", "said"), [("nonsense", "allowed: what verify_audit"), (None, "cannot be read")])
def test_a_file_that_holds_no_heads_is_refused(world: World, tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "heads.json"
    file.write_text(text) if text else None
    with pytest.raises(CommandError, match=said):
        call_command("verify_audit", "--against", str(file))


def test_only_an_operator_verifies(world: World) -> None:
    caller = Caller(Tenant.objects.get(slug="acme").id, Actor("key", "an-id", "a key"), {}, Origin())
    with pytest.raises(Refused):
        verify_audit(caller)
    with pytest.raises(NotFound, match="no tenant 'nowhere'"):
        verify_audit(operator("tests"), "nowhere")


def test_verifying_is_in_the_trail_itself(acme: UUID) -> None:
    verified()
    assert events(INSTALLATION)[-1].target == "1 chain, 0 findings"


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


def test_a_finding_says_when(acme: UUID, tamper: Tamper) -> None:
    tamper(f"update audit_auditevent set outcome = 'failed' where id = '{events(acme)[0].id}'")
    finding: Finding = verified().findings[0]
    assert finding.at is not None
    assert timezone.now() - finding.at < timedelta(minutes=5)
