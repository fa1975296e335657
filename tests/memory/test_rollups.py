"""What spaces hold, added up for operators."""

import os
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import queries as audit_queries
from audit.models import TenantUsage
from audit.services.usage import Asked
from memory import queries
from memory.services.rollups import Held, held_by_spaces, held_by_tenants, installation_usage, tenant_usage
from tenants.callers import Caller, operator
from tenants.errors import NotFound, Refused
from tenants.models import DeadLetter, Space, Tenant
from tenants.scope import tenant_tx
from tenants.services.spaces import NewSpace, create_space
from tests.limits import limit_space
from tests.tenants.asking import newest_event
from tests.tenants.operators import page, superuser
from tests.world import SPACES, World, remember_in, scope_of

ROOT = operator("root")


@pytest.fixture
def root(world: World) -> Client:
    return superuser()


def _id(space: str) -> UUID:
    return Space.objects.get(name=space).id


def test_each_space_is_counted_for_itself_whosever_it_is(world: World) -> None:
    remember_in("acme_s1", "A second one.")
    held = held_by_spaces([_id(name) for name in SPACES])
    assert {name: held[_id(name)].memories for name in SPACES} == {
        "acme_s1": 2,
        "acme_s10": 1,
        "acme_shared": 1,
        "globex_s1": 1,
    }


def test_a_space_that_holds_nothing_counts_nothing(world: World) -> None:
    create_space(ROOT, NewSpace("acme_empty"), tenant_slug="acme")
    assert held_by_spaces([_id("acme_empty")]) == {_id("acme_empty"): Held()}
    assert held_by_spaces([]) == {}


def test_a_tenant_holds_what_its_own_spaces_hold(world: World) -> None:
    acme, globex = Tenant.objects.get(slug="acme").id, Tenant.objects.get(slug="globex").id
    held = held_by_tenants([acme, globex])
    assert (held[acme].memories, held[globex].memories) == (3, 1)


def test_counting_leaves_the_transaction_as_blind_as_it_was(world: World) -> None:
    with tenant_tx(Tenant.objects.get(slug="acme").id):
        queries.counts_by_space([_id("acme_s1")])
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from memory_tally")
            assert cursor.fetchone() == (0,)


def test_a_tenants_usage_lists_the_fullest_space_first(world: World) -> None:
    limit_space("acme_shared", hot_capacity_per_space=2)
    use = tenant_usage(ROOT, Tenant.objects.get(slug="acme").id)
    assert [space.name for space in use.spaces] == ["acme_shared", "acme_s1", "acme_s10"]
    assert (use.spaces[0].share, use.spaces[0].own_limits, use.spaces[0].shared_with) == (
        0.5,
        ["hot_capacity_per_space"],
        1,
    )
    assert (use.memories, newest_event("acme").action) == (3, "read_usage")


def test_a_tenants_usage_is_for_operators(world: World) -> None:
    scope = scope_of("acme_s1")
    member = Caller(scope.tenant_id, scope.actor, None, scope.origin)
    with pytest.raises(Refused):
        tenant_usage(member, scope.tenant_id)
    with pytest.raises(NotFound):
        tenant_usage(ROOT, _id("acme_s1"))


def test_the_page_of_a_tenants_usage_shows_every_space_and_no_memory(root: Client) -> None:
    shown = root.get(page("tenant", "usage", Tenant.objects.get(slug="acme").pk)).content.decode()
    assert [name in shown for name in ("acme_s1", "acme_s10", "acme_shared", "globex_s1")] == [True, True, True, False]
    assert "The first memory" not in shown


def test_a_tenant_without_spaces_is_told_so(root: Client) -> None:
    bare = Tenant.objects.create(slug="bare", name="Bare")
    assert "This tenant has no spaces yet." in root.get(page("tenant", "usage", bare.pk)).content.decode()
    assert root.get(page("tenant", "usage", _id("acme_s1"))).status_code == 404


def test_the_lists_show_what_is_held(root: Client) -> None:
    usage = page("tenant", "usage", Tenant.objects.get(slug="acme").pk)
    assert f'<a href="{usage}">3</a>' in root.get(page("tenant", "changelist")).content.decode()
    assert root.get(page("space", "changelist")).content.decode().count('<td class="field-memories">1</td>') == 4


def _asked(tenant: str, operations: int, outcome: str, *, hours_ago: int = 1) -> None:
    """Operations of a tenant, as a worker has counted them."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute(
            """
            insert into audit_tenantusage (tenant_id, step, at, action, outcome, bucket, operations, milliseconds)
            values (%s, 'hour', date_trunc('hour', now()) - make_interval(hours => %s), 'recall', %s, 1, %s, 1)
            """,
            [Tenant.objects.get(slug=tenant).id, hours_ago, outcome, operations],
        )


def test_what_tenants_asked_in_the_last_day_is_told_of_each_and_of_all(root: Client) -> None:
    _asked("acme", 1_500, "allowed")
    _asked("acme", 20, "limited")
    _asked("acme", 7_000, "allowed", hours_ago=25)
    _asked("globex", 3, "allowed", hours_ago=22)
    use = installation_usage()
    acme, globex = (Tenant.objects.get(slug=slug).id for slug in ("acme", "globex"))
    assert use.asked == {acme: Asked(1_520, 20), globex: Asked(3, 0)}
    assert (use.tenants, use.memories, use.operations, use.refused, use.failed) == (2, 4, 1_523, 20, 0)
    listed = root.get(page("tenant", "changelist")).content.decode()
    assert '<td class="field-operations">1,520</td><td class="field-refused">20</td>' in listed
    assert "<dt>Operations, last day</dt><dd>1,523</dd>" in listed


def _sorted_by(root: Client, model: str, column: str) -> list[str]:
    """The rows' names after a click on the head of a column, and after another."""
    head = root.get(page(model, "changelist")).context["cl"].list_display.index(column)
    lists = [root.get(page(model, "changelist"), {"o": f"{way}{head}"}).context["cl"].result_list for way in ("", "-")]
    return [" ".join(str(getattr(row, "slug", "") or row.name) for row in rows) for rows in lists]


def test_lists_are_sorted_by_what_is_held_and_asked(root: Client) -> None:
    Tenant.objects.create(slug="bare", name="Bare")
    remember_in("acme_s10", "A second one.")
    _asked("globex", 9, "allowed")
    _asked("acme", 2, "limited")
    assert "sortable column-operations" in root.get(page("tenant", "changelist")).content.decode()
    assert _sorted_by(root, "tenant", "memories") == ["bare globex acme", "acme globex bare"]
    assert _sorted_by(root, "tenant", "text") == ["bare globex acme", "acme globex bare"]
    assert _sorted_by(root, "tenant", "operations") == ["bare acme globex", "globex acme bare"]
    assert _sorted_by(root, "tenant", "refused")[1].startswith("acme ")
    assert _sorted_by(root, "space", "memories")[1].startswith("acme_s10 ")


def test_tasks_that_wait_and_failed_are_told_where_tenants_are_listed(root: Client) -> None:
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.lpush("celery", b"a message")  # type: ignore[attr-defined]
    DeadLetter.objects.create(task="memory.rebalance", arguments=[], error="Error", attempts=3)
    listed = root.get(page("tenant", "changelist")).content.decode()
    assert f'<dt>Tasks that wait</dt><dd><a href="{page("taskrun", "changelist")}">1</a>' in listed
    assert f'<dt>Tasks that failed</dt><dd><a href="{page("deadletter", "changelist")}">1</a>' in listed


def test_who_asked_nothing_asked_nought(root: Client) -> None:
    Tenant.objects.create(slug="bare", name="Bare")
    assert '<td class="field-operations">0</td>' in root.get(page("tenant", "changelist")).content.decode()


def test_asking_for_all_tenants_leaves_the_transaction_as_blind_as_it_was(world: World) -> None:
    _asked("acme", 1, "allowed")
    _asked("globex", 1, "allowed")
    acme, globex = (Tenant.objects.get(slug=slug).id for slug in ("acme", "globex"))
    with tenant_tx(acme):
        audit_queries.asked_by_tenants([acme, globex], timezone.now() - timedelta(days=1))
        assert set(TenantUsage.objects.values_list("tenant_id", flat=True)) == {acme}


@pytest.mark.parametrize("model", ["tenant", "space"])
def test_a_list_costs_as_many_queries_however_many_there_are(root: Client, model: str) -> None:
    with CaptureQueriesContext(connection) as few:
        root.get(page(model, "changelist"))
    for number in range(12):
        tenant = Tenant.objects.create(slug=f"many-{number}", name=f"Many {number}")
        create_space(ROOT, NewSpace(f"many_{number}"), tenant_slug=tenant.slug)
    with CaptureQueriesContext(connection) as many:
        root.get(page(model, "changelist"))
    assert len(many) == len(few)


def test_a_tenants_usage_costs_as_many_queries_however_many_spaces_it_has(root: Client) -> None:
    url = page("tenant", "usage", Tenant.objects.get(slug="acme").pk)
    with CaptureQueriesContext(connection) as few:
        root.get(url)
    for number in range(12):
        create_space(ROOT, NewSpace(f"more_{number}"), tenant_slug="acme")
    with CaptureQueriesContext(connection) as many:
        root.get(url)
    assert len(many) == len(few)
