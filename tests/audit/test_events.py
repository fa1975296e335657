"""What is recorded, for whom, and who may read it."""

import os
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DataError, ProgrammingError, transaction
from django.test import Client

from audit.models import AuditEvent
from audit.services.events import recent_events
from audit.tasks import MONTHS_AHEAD, make_partitions
from memory.models import Memory
from memory.records import NewMemory
from memory.services.remember import remember
from tenants.callers import INSTALLATION, Actor, Caller, Origin
from tenants.models import Tenant
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx, tenant_tx
from tests.world import World

SECRET = "the combination is 12-34-56"


def somebody(slug: str, request_id: str = "one-request") -> Caller:
    origin = Origin(request_id=request_id, address="10.0.0.7")
    return Caller(Tenant.objects.get(slug=slug).id, Actor("key", "an-id", "a key"), {}, origin)


def whole_trail() -> str:
    """Every row as text, whosever it is."""
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"]) as admin:
        return "\n".join(text for (text,) in admin.execute("select event::text from audit_auditevent event"))


def test_a_row_says_who_did_what_where_from_and_how_it_went(world: World) -> None:
    caller = somebody("acme")
    with tenant_tx(caller.tenant_id):
        record(caller, Action.FORGET, outcome="denied", target="a target", reason="403 why", space="acme_s1")
        row = AuditEvent.objects.get(request_id="one-request")
    assert (row.tenant_id, row.space_id, row.space) == (caller.tenant_id, None, "acme_s1")
    assert (row.actor_kind, row.actor_id, row.actor_name) == ("key", "an-id", "a key")
    assert (row.action, row.outcome, row.target, row.reason) == ("forget", "denied", "a target", "403 why")
    assert row.address == "10.0.0.7"
    assert row.duration_ms > 0
    assert abs((row.at - datetime.now(UTC)).total_seconds()) < 60


def _record_and_fail(caller: Caller) -> None:
    with tenant_tx(caller.tenant_id):
        record(caller, Action.WHOAMI)
        raise LookupError


def test_an_operation_and_its_record_are_stored_together_or_not_at_all(world: World) -> None:
    caller = somebody("acme")
    with pytest.raises(LookupError):
        _record_and_fail(caller)
    with tenant_tx(caller.tenant_id):
        assert not AuditEvent.objects.filter(request_id="one-request").exists()


def test_what_cannot_be_recorded_is_not_done(world: World) -> None:
    scope = SpaceScope.for_operator(somebody("acme", request_id="x" * 65), "acme_s1")
    with pytest.raises(DataError):
        remember(scope, NewMemory(SECRET, embedding=[1.0] * 384))
    with space_tx(scope):
        assert not Memory.objects.filter(content=SECRET).exists()


def test_a_record_outside_of_every_scope_is_refused(world: World) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        record(somebody("acme"), Action.WHOAMI)


def test_a_record_in_another_tenants_transaction_is_refused(world: World) -> None:
    caller = somebody("acme")
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_tx(Tenant.objects.get(slug="globex").id):
        record(caller, Action.WHOAMI)


def test_a_tenant_reads_its_own_trail_alone(world: World) -> None:
    acme, globex = Tenant.objects.get(slug="acme"), Tenant.objects.get(slug="globex")
    assert AuditEvent.objects.count() == 0
    with tenant_tx(acme.id):
        assert set(AuditEvent.objects.values_list("tenant_id", flat=True)) == {acme.id}
    with tenant_tx(globex.id):
        assert set(AuditEvent.objects.values_list("tenant_id", flat=True)) == {globex.id}


def test_the_newest_events_come_first_and_no_more_than_asked_for(world: World) -> None:
    client = world.client("acme")
    client.get("/api/v1/auth/whoami/")
    client.get("/api/v1/spaces/")
    acme = Tenant.objects.get(slug="acme")
    assert [event.action for event in recent_events(acme.id, 2)] == ["list_spaces", "whoami"]
    assert len(recent_events(acme.id, 1)) == 1


def test_a_refusal_is_recorded_though_what_was_asked_for_is_undone(world: World) -> None:
    client = world.client("acme_s1")
    client.post("/api/v1/spaces/acme_s1/memories/", {"content": SECRET, "embedding": [0.0] * 384}, format="json")
    (event,) = recent_events(Tenant.objects.get(slug="acme").id, 1)
    assert (event.action, event.outcome, event.reason) == ("remember", "failed", "400 invalid_vector")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("spaces/acme_s1/memories/", {"content": SECRET, "metadata": {"note": SECRET}}),
        ("spaces/acme_s1/memories/batch/", {"memories": [{"content": SECRET}]}),
        ("spaces/acme_s1/recall/", {"query": SECRET}),
        ("spaces/acme_s10/recall/", {"query": SECRET}),
        ("spaces/acme_s1/memories/", {"content": SECRET, "embedding": [0.0] * 384}),
        ("spaces/acme_s1/memories/", {"content": SECRET, "kind": SECRET}),
        ("spaces/acme_s1/memories/", {"contents": SECRET}),
        ("auth/token/", {"api_key": SECRET}),
        ("auth/token/", {"username": "alice", "password": SECRET}),
        ("auth/token/refresh/", {"refresh": SECRET}),
    ],
)
def test_no_content_query_or_secret_is_ever_recorded(world: World, path: str, body: object) -> None:
    world.client("acme_s1").post(f"/api/v1/{path}", body, format="json")
    assert SECRET not in whole_trail()


def test_what_nobody_in_particular_asks_is_filed_under_the_installation(world: World) -> None:
    Client().get("/api/v1/spaces/acme_s1/", headers={"X-Request-ID": "nobody-in-particular"})
    with tenant_tx(INSTALLATION):
        row = AuditEvent.objects.get(request_id="nobody-in-particular")
    assert (row.actor_kind, row.space, row.outcome, row.reason) == (
        "anonymous",
        "acme_s1",
        "denied",
        "401 not_authenticated",
    )


def test_a_guests_operations_are_in_the_guests_trail(world: World) -> None:
    client = world.client("globex")
    client.get("/api/v1/spaces/acme_shared/memories/", headers={"X-Request-ID": "from-a-guest"})
    with tenant_tx(Tenant.objects.get(slug="acme").id):
        assert not AuditEvent.objects.filter(request_id="from-a-guest").exists()
    (event,) = recent_events(Tenant.objects.get(slug="globex").id, 1)
    assert (event.action, event.space, event.actor_name) == ("list_memories", "acme_shared", "globex")


def test_the_coming_months_have_their_partitions_and_are_made_once(world: World) -> None:
    make_partitions()
    assert make_partitions() == 0
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"]) as admin:
        months = admin.execute(
            "select relname from pg_class where relispartition and relname ~ '^audit_auditevent_[0-9]{6}$'"
        )
        assert len(months.fetchall()) >= MONTHS_AHEAD + 1


def test_a_row_of_a_month_without_a_partition_is_kept(world: World) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute(
            """
            insert into audit_auditevent (at, tenant_id, actor_kind, action, outcome, request_id, duration_ms)
            values ('2999-12-31', uuidv7(), 'system', 'remember', 'allowed', 'far ahead', 0)
            """
        )
        kept = owner.execute("select count(*) from audit_auditevent_default where request_id = 'far ahead'").fetchone()
        assert kept == (1,)
        owner.rollback()


def test_a_month_whose_rows_came_before_its_partition_keeps_no_other_from_being_made(world: World) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        made = owner.execute("select audit_make_partitions(3)").fetchone()
        months = owner.execute(
            "select format('%s', (date_trunc('month', now()) + make_interval(months => 4))::date)"
        ).fetchone()
        owner.execute(
            """
            insert into audit_auditevent (at, tenant_id, actor_kind, action, outcome, request_id, duration_ms)
            values (%s, uuidv7(), 'system', 'remember', 'allowed', 'early', 0)
            """,
            months,
        )
        # The seals' of that month, and both of the month after it.
        assert (made, owner.execute("select audit_make_partitions(5)").fetchone()) == ((0,), (3,))
        kept = owner.execute("select count(*) from audit_auditevent_default where request_id = 'early'").fetchone()
        assert kept == (1,)
        owner.rollback()
