"""``/metrics``, for those who are configured to read it."""

import os
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test import Client
from kombu import Connection
from prometheus_client.parser import text_string_to_metric_families

from engram_site.celery import app
from memory.models import Memory
from memory.services.reinforcement import apply_recalls
from memory.services.tiers import rebalance
from memory.services.usage import usage
from tenants.callers import INSTALLATION, operator
from tenants.metrics import labelled_spaces
from tenants.models import Space
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx, tenant_tx
from tenants.services.spaces import NewSpace, create_space
from tests.limits import limit_space
from tests.memory.space_api import space_of_vectors
from tests.world import World, remember_in, scope_of

pytestmark = pytest.mark.usefixtures("database")

STRANGER = "10.1.2.3"
TOKEN = "a-token-for-the-scraper"


def scrape(address: str = "127.0.0.1", **headers: str) -> Any:
    return Client(REMOTE_ADDR=address).get(
        "/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def status(address: str = "127.0.0.1", **headers: str) -> int:
    return int(scrape(address, **headers).status_code)


def test_the_exposition_is_what_prometheus_reads() -> None:
    answer = scrape()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.content.decode())}
    fallback = families["engram_limiter_fallback"]
    assert fallback.type == "counter"
    assert "engram_limiter_fallback_total" in {sample.name for sample in fallback.samples}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_loopback_may_read(address: str) -> None:
    assert status(address) == 200


@pytest.mark.parametrize("address", [STRANGER, "192.168.0.1", "127.0.0.2", "::2", "::ffff:10.1.2.3", "0.0.0.0", ""])
def test_others_may_not(address: str) -> None:
    answer = scrape(address)
    assert (answer.status_code, answer.content) == (403, b"Not for you.\n")


def test_what_a_proxy_forwards_that_nobody_declared_is_not_from_loopback() -> None:
    assert [status(X_Forwarded_For=said) for said in (STRANGER, "127.0.0.1", "", "unknown")] == [403] * 4


def test_behind_a_declared_proxy_the_address_that_it_saw_counts(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 1
    assert status(X_Forwarded_For=STRANGER) == 403
    assert status(X_Forwarded_For=f"127.0.0.1, {STRANGER}") == 403
    assert status(X_Forwarded_For="127.0.0.1") == 200
    assert status() == 200


def test_what_is_not_an_address_is_nobodys(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 1
    said = ("unknown", "127.0.0.1:4711", "localhost", "127.1", "\u00e9", "1" * 200)
    assert [status(X_Forwarded_For=each) for each in said] == [403] * len(said)


def test_other_networks_can_be_let_in(settings: LazySettings) -> None:
    settings.METRICS_NETWORKS = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    assert [status(address) for address in (STRANGER, "fd00::1", "127.0.0.1", "11.0.0.1")] == [200, 200, 403, 403]


def test_a_token_lets_its_bearer_in_from_anywhere(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert status(STRANGER, Authorization=f"Bearer {TOKEN}") == 200
    assert status("127.0.0.1", Authorization=f"Bearer {TOKEN}", X_Forwarded_For=STRANGER) == 200


def test_a_wrong_token_lets_nobody_in(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN
    wrong = ("", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer \u00e9")
    assert [status(STRANGER, Authorization=given) for given in wrong] == [403] * len(wrong)


def test_without_a_token_set_none_lets_in() -> None:
    assert [status(STRANGER, Authorization=given) for given in ("", "Bearer ", "Bearer None")] == [403] * 3


def samples(name: str) -> dict[tuple[str, ...], float]:
    """A scraped metric's values by its labels' values, in order of the labels' names."""
    families = text_string_to_metric_families(scrape().content.decode())
    found = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in found}


def counted(space: str, operation: str = "recall", outcome: str = "allowed") -> float:
    return samples("engram_operations_total").get((operation, outcome, space), 0)


def recall(world: World, space: str, key: str = "acme") -> None:
    world.client(key).post(f"/api/v1/spaces/{space}/recall/", {"query": "any"}, format="json")


def test_an_operation_is_counted_when_it_is_stored_and_not_before(world: World) -> None:
    recall(world, "acme_s1")
    before = counted("acme_s1")
    caller = operator("tests")
    with transaction.atomic():
        with tenant_tx(caller.tenant_id):
            record(caller, Action.RECALL, space="acme_s1")
        assert counted("acme_s1") == before
    assert counted("acme_s1") == before + 1


def test_what_is_undone_is_not_counted(world: World) -> None:
    recall(world, "acme_s1")
    before, caller = counted("acme_s1"), operator("tests")
    with transaction.atomic():
        with tenant_tx(caller.tenant_id):
            record(caller, Action.RECALL, space="acme_s1")
        transaction.set_rollback(True)
    assert counted("acme_s1") == before


def test_spaces_beyond_the_number_are_counted_together(world: World, settings: LazySettings) -> None:
    settings.METRICS_MAX_SPACES = 1
    labelled_spaces()
    recall(world, "acme_s1")
    before = counted("other")
    recall(world, "acme_s10")
    recall(world, "acme_shared")
    assert counted("other") == before + 2
    assert {space for *_, space in samples("engram_operations_total")} <= {"", "other", "acme_s1"}
    assert set(samples("engram_storage_memory_bytes")) == {("acme_s1",), ("other",)}
    assert set(samples("engram_space_info")) == {("acme_s1", "acme")}


def test_the_oldest_spaces_keep_their_labels(world: World, settings: LazySettings) -> None:
    settings.METRICS_MAX_SPACES = 2
    assert labelled_spaces() == {"acme_s1": "acme", "acme_s10": "acme"}
    create_space(operator("tests"), NewSpace("aaa_new"), tenant_slug="acme")
    assert labelled_spaces() == {"acme_s1": "acme", "acme_s10": "acme"}


def test_a_space_made_a_moment_ago_has_its_label(world: World) -> None:
    recall(world, "acme_s1")
    create_space(operator("tests"), NewSpace("acme_a_moment_ago"), tenant_slug="acme")
    assert counted("acme_a_moment_ago", "create_space") == 1


def test_names_that_are_no_spaces_make_no_series(world: World) -> None:
    before = counted("other", outcome="denied")
    for number in range(20):
        recall(world, f"made_up_{number}")
    assert counted("other", outcome="denied") == before + 20
    assert [space for *_, space in samples("engram_operations_total") if space.startswith("made_up")] == []


def test_a_space_that_is_gone_leaves_no_trace(world: World) -> None:
    create_space(operator("tests"), NewSpace("short_lived"), tenant_slug="acme")
    with tenant_tx(INSTALLATION):
        record(operator("tests"), Action.RECALL, space="short_lived")
    assert "short_lived" in scrape().content.decode()
    Space.objects.filter(name="short_lived").delete()
    assert "short_lived" not in scrape().content.decode()


def test_what_a_closed_door_refused_together_is_counted_one_by_one(world: World) -> None:
    recall(world, "acme_s1")
    before, caller = counted("acme_s1", outcome="limited"), operator("tests")
    with tenant_tx(caller.tenant_id):
        record(caller, Action.RECALL, outcome="limited", space="acme_s1", times=7)
    assert counted("acme_s1", outcome="limited") == before + 7


def test_sizes_follow_what_is_remembered(world: World) -> None:
    before = samples("engram_memories")[("acme_s1", "hot")]
    remember_in("acme_s1", "One more.")
    assert samples("engram_memories")[("acme_s1", "hot")] == before + 1


def test_bytes_are_what_usage_says_in_every_tier(world: World) -> None:
    ids = [remember_in("acme_s1", f"One more, {tier}.") for tier in ("hot", "warm", "cold")]
    with space_tx(scope_of("acme_s1")):
        Memory.objects.filter(id=ids[1]).update(tier="warm")
        Memory.objects.filter(id=ids[2]).update(tier="cold")
    used = usage(scope_of("acme_s1"))
    assert samples("engram_storage_memory_bytes")[("acme_s1",)] == sum(tier.bytes for tier in used.tiers)
    assert [tier.count.memories for tier in used.tiers] == [2, 1, 1]


def test_moves_between_tiers_are_counted(world: World) -> None:
    plane = space_of_vectors("acme_moves", 1)
    limit_space("acme_moves", hot_capacity_per_space=10)
    plane.batch([{"content": f"{number}", "embedding": [1.0]} for number in range(10)])
    rebalance(SpaceScope.for_task(Space.objects.get(name="acme_moves").id))
    assert samples("engram_tier_moves_total")[("hot", "acme_moves", "warm")] == 2


def test_what_rises_when_it_is_recalled_or_remembered_again_is_counted_as_well(world: World) -> None:
    plane = space_of_vectors("acme_rises", 1)
    recalled, remembered = plane.batch([{"content": content, "embedding": [1.0]} for content in ("One.", "Other.")])
    plane.change_row(recalled, tier="cold")
    plane.recall(embedding=[1.0], tiers=["cold"])
    apply_recalls(scope_of("acme_rises"))
    moves = samples("engram_tier_moves_total")
    assert moves[("cold", "acme_rises", "warm")] == 1
    plane.change_row(remembered, tier="cold")
    plane.remember("Other.", embedding=[1.0])
    assert samples("engram_tier_moves_total")[("cold", "acme_rises", "warm")] == 2
    plane.remember("Other.", embedding=[1.0])
    plane.remember("Other.", embedding=[1.0])
    assert samples("engram_tier_moves_total")[("warm", "acme_rises", "hot")] == 1


def test_a_scrape_goes_on_without_the_database_and_without_redis(
    world: World, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = scrape()
    assert answer.status_code == 200
    assert "engram_limiter_fallback_total" in answer.content.decode()
    assert "engram_storage_memory_bytes" not in answer.content.decode()
    assert "engram_queue_tasks" not in answer.content.decode()
    connection.close()


@pytest.mark.parametrize(("task", "queue"), [("no.such.task", "celery"), ("memory.tasks.reconcile_indexes", "owner")])
def test_a_task_that_waits_makes_its_queue_lag(world: World, settings: LazySettings, task: str, queue: str) -> None:
    with Connection(settings.REDIS_URL) as broker:
        app.send_task(task, connection=broker)
        time.sleep(0.05)
        waiting, lag = samples("engram_queue_tasks")[queue,], samples("engram_queue_lag_seconds")[queue,]
        broker.SimpleQueue(queue).clear()
    assert waiting >= 1
    assert 0.05 <= lag < 60


def test_every_process_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    counting = "from prometheus_client import Counter; Counter('probe', 'Counted in two processes.').inc()"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", counting], env=dict(os.environ), check=True)
    families = {family.name: family for family in text_string_to_metric_families(scrape().content.decode())}
    assert [(sample.name, sample.value) for sample in families["probe"].samples] == [("probe_total", 2.0)]
