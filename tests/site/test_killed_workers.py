"""Workers killed, cut off and doubled in the middle of each kind of task: no memory is lost, doubled or miscounted."""

import math
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from django.db.models import Sum
from django.utils import timezone

from audit.models import AuditSeal, SpaceUsage
from audit.services.verify import verify_audit
from memory.models import Association, Entity, Import, Lexeme, Memory, Unlinked
from memory.records import NewMemory
from memory.services.imports import read_import, start_import
from memory.services.lexicon import refresh_lexicon
from memory.services.reinforcement import BATCH as RECALLS_AT_A_TIME
from memory.services.remember import remember_batch
from tenants.callers import operator
from tenants.models import DeadLetter, Erasure, Space, Tenant
from tenants.scope import space_tx, tenant_tx
from tests.memory.space_api import space_of_vectors
from tests.memory.wholeness import assert_whole
from tests.site.full_space import MEMORIES, SPACE, count, long_file, make_full_space, note_recalls, recalls
from tests.site.workers import Worker
from tests.tenants.control_api import ControlApi
from tests.world import World, logged_in, scope_of

# The worker's connections can be told from the tests' own.
NAME = "worker-under-test"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "engram.toml").write_text("[tiers]\nbatch = 20\n")
    database = f"{os.environ['DATABASE_URL']}?application_name={NAME}"
    worker = Worker(folder, ENGRAM_CONFIG=str(folder / "engram.toml"), DATABASE_URL=database)
    yield worker
    worker.stop()


@pytest.fixture
def full(world: World) -> str:
    return make_full_space()


def fading(since: datetime) -> int:
    """How many associations wait to be looked at again."""
    with space_tx(scope_of(SPACE)):
        return Association.objects.filter(reinforced_at=since).count()


def move_with_a_kill(worker: Worker, full: str, tier: str, memories: int) -> dict[str, int]:
    """Kill the worker when some of so many memories are in the tier, wait until all are, and say how many each tier has."""
    worker.send("memory.tasks.rebalance_space", full)
    worker.wait_until(lambda: 0 < count(tier=tier) < memories)
    worker.kill_children()
    assert_whole(SPACE, MEMORIES)
    worker.wait_until(lambda: count(tier=tier) == memories)
    return assert_whole(SPACE, MEMORIES)


def test_killed_while_it_moves_memories(worker: Worker, full: str) -> None:
    assert move_with_a_kill(worker, full, "warm", 1_600) == {"hot": 400, "warm": 1_600}


def test_killed_while_it_cools_memories(worker: Worker, full: str) -> None:
    week_ago = timezone.now() - timedelta(days=8)
    with space_tx(scope_of(SPACE)):
        Memory.objects.update(tier="warm", created_at=week_ago)
    assert move_with_a_kill(worker, full, "cold", MEMORIES) == {"cold": MEMORIES}


def test_killed_while_it_applies_recalls(worker: Worker, full: str) -> None:
    times = 10 * RECALLS_AT_A_TIME
    note_recalls(worker, times)
    worker.send("memory.tasks.apply_recalls", full)
    worker.wait_until(lambda: 0 < recalls() < 3 * times)
    worker.kill_children()
    worker.wait_until(lambda: recalls() >= 3 * times)
    time.sleep(0.2)
    assert recalls() == 3 * times
    with space_tx(scope_of(SPACE)):
        assert list(Association.objects.values_list("reinforced", flat=True)) == [times] * 6
    assert_whole(SPACE, MEMORIES)


def test_killed_while_it_deletes_expired_memories(worker: Worker, full: str) -> None:
    with space_tx(scope_of(SPACE)):
        Memory.objects.exclude(content__endswith="shared0").update(expires_at=timezone.now())
    kept = count(expires_at=None)
    worker.send("memory.tasks.tidy_space", full)
    worker.wait_until(lambda: kept < count() < MEMORIES)
    worker.kill_children()
    worker.wait_until(lambda: count() == kept)
    assert_whole(SPACE, kept)


def test_killed_while_it_lets_associations_fade(worker: Worker, full: str) -> None:
    scope, month_ago = scope_of(SPACE), timezone.now() - timedelta(days=30)
    with space_tx(scope):
        ids = list(Memory.objects.values_list("id", flat=True))
        # Each memory to the four after it, the last ones to the first.
        pairs = [(ids[n], ids[n - step]) for n in range(MEMORIES) for step in range(1, 5)]
        Association.objects.bulk_create(
            Association(
                space_id=scope.space_id,
                source_id=source,
                target_id=target,
                kind="hebbian",
                weight=0.5,
                reinforced_at=month_ago,
            )
            for source, target in pairs
        )
    worker.send("memory.tasks.tidy_space", full)
    worker.wait_until(lambda: 0 < fading(month_ago) < len(pairs))
    worker.kill_children()
    worker.wait_until(lambda: fading(month_ago) == 0)
    with space_tx(scope):
        weights = set(Association.objects.values_list("weight", flat=True))
        assert Association.objects.count() == len(pairs)
    # A month is what it takes to fade to 1/e: once, whoever did it.
    assert [min(weights), max(weights)] == pytest.approx([0.5 / math.e] * 2, rel=1e-4)


def test_killed_while_it_counts_words(worker: Worker, full: str) -> None:
    done = worker.count(r"refresh_lexicon\[\S+\] succeeded")
    received = worker.count(r"Task memory.tasks.refresh_lexicon\[\S+\] received")
    worker.send("memory.tasks.refresh_lexicon", full)
    worker.wait_until(lambda: worker.count(r"Task memory.tasks.refresh_lexicon\[\S+\] received") > received)
    worker.kill_children()
    worker.wait_until(lambda: worker.count(r"refresh_lexicon\[\S+\] succeeded") > done)
    with space_tx(scope_of(SPACE)):
        lexicon = dict(Lexeme.objects.values_list("lexeme", "memories"))
    assert (len(lexicon), lexicon[""]) == (MEMORIES + 7 + 1, MEMORIES)


def remember_all(contents: list[str]) -> None:
    for start in range(0, len(contents), 1_000):
        memories = [NewMemory(content, embedding=[1.0, 0.0]) for content in contents[start : start + 1_000]]
        remember_batch(scope_of(SPACE), memories)


def unlinked() -> int:
    with space_tx(scope_of(SPACE)):
        return Unlinked.objects.count()


def test_killed_while_it_reads_names(worker: Worker, full: str) -> None:
    remember_all([f"We sent ORD-{n} and ORD-{n + 1} on." for n in range(MEMORIES)])
    worker.send("memory.tasks.link_entities", full)
    worker.wait_until(lambda: 0 < unlinked() < 2 * MEMORIES)
    worker.kill_children()
    worker.wait_until(lambda: unlinked() == 0)
    with space_tx(scope_of(SPACE)):
        # Each is tied to the one before it and the one after it.
        assert Association.objects.filter(kind="entity").count() == 2 * (MEMORIES - 1)
        assert Entity.objects.filter(name__startswith="ord-").count() == 2 * MEMORIES
    assert_whole(SPACE, 2 * MEMORIES)


def reread_to() -> UUID | None:
    return Space.objects.get(name=SPACE).reread_to


def houses() -> int:
    with space_tx(scope_of(SPACE)):
        return sum(Lexeme.objects.filter(lexeme="haus").values_list("memories", flat=True))


def test_killed_while_it_reads_words_anew(worker: Worker, full: str) -> None:
    remember_all([f"Häuser {n}" for n in range(MEMORIES)])
    refresh_lexicon(scope_of(SPACE))
    assert ControlApi(logged_in("alice")).patch(f"spaces/{SPACE}/", {"text_search": "german"}).status_code == 200
    begin = reread_to()
    worker.send("memory.tasks.reread_space", full)
    worker.wait_until(lambda: reread_to() not in (begin, None))
    worker.kill_children()
    worker.wait_until(lambda: houses() == MEMORIES)
    assert reread_to() is None
    assert_whole(SPACE, 2 * MEMORIES)


def put_into_the_trail(events: int, over: timedelta) -> None:
    """Recalls of acme's, evenly over some time that ends a minute ago, and nothing else."""
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("delete from audit_auditevent")
        admin.execute(
            """
            insert into audit_auditevent
                (at, tenant_id, space_id, space, actor_kind, action, outcome, request_id, duration_ms)
            select now() - interval '1 minute' - %s * n / %s, s.tenant_id, s.id, s.name, 'key', 'recall', 'allowed', '', 1
            from tenants_space s cross join generate_series(1, %s) n where s.name = 'acme_s1'
            """,
            [over, events, events],
        )


def counted_recalls() -> int:
    with space_tx(scope_of("acme_s1")):
        counted = SpaceUsage.objects.filter(step="hour", action="recall").aggregate(all=Sum("operations"))
    return int(counted["all"] or 0)


def test_killed_while_it_counts_usage(worker: Worker, world: World) -> None:
    put_into_the_trail(50_000, timedelta(days=10))
    worker.send("audit.tasks.roll_up_usage")
    worker.wait_until(lambda: 0 < counted_recalls() < 50_000)
    worker.kill_children()
    worker.wait_until(lambda: counted_recalls() >= 50_000)
    assert counted_recalls() == 50_000


def sealed() -> int:
    acme = Tenant.objects.get(slug="acme").id
    with tenant_tx(acme):
        return int(AuditSeal.objects.filter(tenant_id=acme).aggregate(all=Sum("events"))["all"] or 0)


def test_killed_while_it_seals_the_trail(worker: Worker, world: World) -> None:
    put_into_the_trail(60_000, timedelta(hours=1))
    worker.send("audit.tasks.seal_events")
    worker.wait_until(lambda: 0 < sealed() < 60_000)
    worker.kill_children()
    worker.wait_until(lambda: sealed() >= 60_000)
    (chain,) = verify_audit(operator("tests"), "acme")
    assert (chain.events, chain.findings) == (60_000, [])


def test_killed_while_it_erases_a_space(worker: Worker, full: str) -> None:
    assert ControlApi(logged_in("alice")).delete(f"spaces/{SPACE}/").status_code == 202
    worker.send("memory.tasks.erase_spaces")
    worker.wait_until(lambda: any(Erasure.objects.get(space=SPACE).erased.values()))
    worker.kill_children()
    worker.send("memory.tasks.erase_spaces")
    worker.wait_until(lambda: Erasure.objects.get(space=SPACE).finished_at is not None)
    erased = Erasure.objects.get(space=SPACE).erased
    assert (erased["memory_memory"], erased["memory_embedding"]) == (MEMORIES, MEMORIES)
    assert not Space.objects.filter(id=full).exists()


def test_killed_while_it_imports_a_space(worker: Worker, world: World) -> None:
    space_of_vectors(SPACE, 2)
    scope = scope_of(SPACE)
    job = start_import(scope, long_file(5_000))
    worker.send("memory.tasks.import_memories", str(scope.space_id), str(job.id))
    worker.wait_until(lambda: 0 < read_import(scope, job.id).memories < 5_000)
    worker.kill_children()
    worker.wait_until(lambda: read_import(scope, job.id).status == Import.Status.DONE)
    done = read_import(scope, job.id)
    assert (done.memories, done.existing, done.lines) == (5_000, 0, 5_002)
    assert_whole(SPACE, 5_000)


def test_all_of_it_killed_and_another_one_started(worker: Worker, full: str) -> None:
    worker.send("memory.tasks.rebalance_space", full)
    worker.wait_until(lambda: 0 < count(tier="warm") < 1_600)
    worker.kill()
    assert_whole(SPACE, MEMORIES)
    worker.start()
    # What the dead one had in its hands comes back in an hour; the planner does not wait for that.
    worker.send("memory.tasks.rebalance_spaces")
    worker.wait_until(lambda: count(tier="warm") == 1_600)
    assert_whole(SPACE, MEMORIES)


def test_the_broker_stopped_and_started_with_nothing_in_it(worker: Worker, full: str) -> None:
    note_recalls(worker, 10)
    worker.send("memory.tasks.rebalance_space", full)
    worker.wait_until(lambda: count(tier="warm") > 0)
    connected = worker.count("Connected to redis")
    worker.valkey.stop()
    assert_whole(SPACE, MEMORIES)
    worker.valkey.start()
    worker.wait_until(lambda: worker.count("Connected to redis") > connected)
    worker.plan_until(
        lambda: count(tier="warm") == 1_600,
        ("memory.tasks.rebalance_space", full),
        ("memory.tasks.apply_recalls", full),
    )
    # Only what was recalled and not applied is lost.
    assert recalls() == 0
    assert_whole(SPACE, MEMORIES)


def test_the_database_gone_for_a_moment(worker: Worker, full: str) -> None:
    worker.send("memory.tasks.rebalance_space", full)
    worker.wait_until(lambda: count(tier="warm") > 0)
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True) as admin:
        ended = admin.execute(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = %s", [NAME]
        ).fetchone()
    assert ended is not None
    assert ended[0] >= 1
    worker.wait_until(lambda: count(tier="warm") == 1_600)
    assert_whole(SPACE, MEMORIES)
    assert not DeadLetter.objects.exists()


def test_the_same_task_many_times_at_once(worker: Worker, full: str) -> None:
    note_recalls(worker, 600)
    for _ in range(3):
        worker.send("memory.tasks.rebalance_space", full)
        worker.send("memory.tasks.apply_recalls", full)
    worker.wait_until(lambda: count(tier="warm") >= 1_597 and recalls() >= 1_800)
    time.sleep(0.2)
    assert recalls() == 1_800
    assert_whole(SPACE, MEMORIES)
