"""A real Prometheus scrapes two web processes and a worker, and its answers are held against what was done."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from engram_site.celery import app
from memory.records import NewMemory
from memory.services.lexicon import SMALLEST
from memory.services.remember import remember_batch
from tenants.callers import Origin, operator
from tenants.services.exchange import exchange_key
from tenants.services.keys import create_key
from tests.memory.space_api import space_of_vectors
from tests.site.scraped import MONITORING, Observed, fetch, observed, program
from tests.world import READ, World, build_world, scope_of

RULES = MONITORING / "prometheus"
DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))

# Done in each of two rounds.
REMEMBERED, RECALLED, BY_GUESTS = 3, 6, 5
# Those whose words the worker goes through.
SPACES = 5
REFRESHED = 'engram_task_latency_seconds_count{task="memory.tasks.refresh_lexicon"}'
# At the job that was looked at successfully the fewest times.
LOOKS = "min(sum_over_time(up[1h]))"


@pytest.fixture(scope="module")
def running(standing_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Two rounds of work that all processes took part in, with Prometheus looking in between."""
    world = build_world()
    space_of_vectors("acme_plane", 1)
    remember_batch(scope_of("acme_plane"), [NewMemory(f"word{n}", embedding=[1.0]) for n in range(SMALLEST)])
    with observed(tmp_path_factory.mktemp("observed")) as engram:
        _work(engram, world)
        engram.wait_until(lambda: _recalls(engram) == RECALLED)
        _wait_for_looks(engram)
        _work(engram, world)
        engram.ask("POST", "spaces/acme_s10/recall/", world.token("acme_s1"), {"query": "any"})
        engram.ask("POST", "spaces/no_such_space/recall/", world.token("acme_s1"), {"query": "any"})
        with Connection(engram.broker) as broker:
            app.send_task("memory.tasks.refresh_lexicons", connection=broker)
        engram.wait_until(lambda: _recalls(engram) == 2 * RECALLED)
        engram.wait_until(lambda: engram.value(REFRESHED) == SPACES)
        _wait_for_looks(engram)
        yield engram


def _work(engram: Observed, world: World) -> None:
    token, guest = world.token("acme_s1"), world.token("globex")
    for number in range(REMEMBERED):
        engram.ask("POST", "spaces/acme_s1/memories/", token, {"content": f"{number} of many."})
    for _ in range(RECALLED):
        status, _ = engram.ask("POST", "spaces/acme_s1/recall/", token, {"query": "many"})
        assert status == 200
    for _ in range(BY_GUESTS):
        engram.ask("POST", "spaces/acme_shared/recall/", guest, {"query": "first"})


def _recalls(engram: Observed) -> float:
    found = engram.query('engram_operations_total{space="acme_s1", operation="recall"}')
    return sum(float(sample["value"][1]) for sample in found)


def _wait_for_looks(engram: Observed) -> None:
    """Until each job was looked at from beginning to end: one look may have begun before, so there are two."""
    looks = engram.value(LOOKS)
    engram.wait_until(lambda: engram.value(LOOKS) > looks + 1)


def test_storage_bytes_of_a_space_are_what_its_usage_says(running: Observed) -> None:
    token = build_token("acme_s1")
    _, usage = running.ask("GET", "spaces/acme_s1/usage/", token)
    assert running.value('engram_storage_memory_bytes{space="acme_s1"}') == usage["hot"]["bytes"] > 0


def build_token(space: str) -> str:
    """Of a key made now."""
    key = create_key(operator("tests"), "acme", {space: READ}, name="asks")
    return exchange_key(Origin(), key.api_key, None).access


def test_every_operation_is_counted_once_by_space_name_and_outcome(running: Observed) -> None:
    counted = {
        (sample["metric"]["operation"], sample["metric"]["outcome"]): float(sample["value"][1])
        for sample in running.query('engram_operations_total{space="acme_s1", operation!="read_usage"}')
    }
    assert counted == {("remember", "allowed"): 2 * REMEMBERED, ("recall", "allowed"): 2 * RECALLED}
    assert running.value('engram_operations_total{space="acme_shared"}') == 2 * BY_GUESTS


def test_the_rate_of_a_spaces_operations_is_what_was_done_in_its_time(running: Observed) -> None:
    """Prometheus counts from its first look, and extends to the window's edges by less than a scrape on each side."""
    recalls = 'engram_operations_total{space="acme_s1", operation="recall"}'
    ((_, first), *between, (_, last)) = running.query(f"{recalls}[5m]")[0]["values"]
    counted = float(last) - float(first)
    assert RECALLED <= counted <= 2 * RECALLED
    assert counted <= running.value(f"sum(rate({recalls}[5m]))") * 300 <= counted * (1 + 2 / (len(between) + 1))


def test_both_web_processes_took_part(running: Observed) -> None:
    assert len(list((running.metrics / "web-metrics").glob("counter_*.db"))) >= 2


def test_spreading_latency_is_a_histogram_by_space(running: Observed) -> None:
    assert running.value('engram_spreading_latency_seconds_count{space="acme_s1"}') == 2 * RECALLED
    quantile = running.value('histogram_quantile(0.99, engram_spreading_latency_seconds_bucket{space="acme_s1"})')
    mean = running.value(
        'engram_spreading_latency_seconds_sum{space="acme_s1"} / engram_spreading_latency_seconds_count{space="acme_s1"}'
    )
    assert 0 < mean <= quantile * 1.01
    assert quantile <= 2.5


def test_a_workers_operations_are_counted_too(running: Observed) -> None:
    counted = 'engram_operations_total{job="engram-worker", space="acme_plane", operation="refresh_lexicon"}'
    assert running.value(counted) == 1
    assert running.value('engram_tasks_total{task="memory.tasks.refresh_lexicons", state="SUCCESS"}') == 1
    assert running.value(REFRESHED) == SPACES
    since = 'time() - engram_task_last_success_timestamp_seconds{task="memory.tasks.refresh_lexicon"}'
    assert 0 <= running.value(since) < 300


def test_a_refused_name_is_a_label_only_if_it_is_a_spaces(running: Observed) -> None:
    assert running.value('engram_operations_total{space="acme_s10", outcome="denied"}') == 1
    assert running.query('engram_operations_total{space="no_such_space"}') == []
    assert running.value('engram_operations_total{space="other", outcome="denied"}') == 1


def test_requests_are_timed_by_route_and_never_by_path(running: Observed) -> None:
    recalls = 'sum(engram_request_latency_seconds_count{route="api/v1/spaces/<str:space>/recall/", method="POST"})'
    assert running.value(recalls) == 2 * (RECALLED + BY_GUESTS + 1)
    routes = {sample["metric"].get("route", "") for sample in running.query("engram_request_latency_seconds_count")}
    assert [route for route in routes if "acme" in route] == []


def test_pool_limiter_and_queue_are_told_of(running: Observed) -> None:
    assert running.value("sum(engram_database_pool_connections)") >= 2
    assert running.value('engram_database_pool_waiting{job="engram-web"}') == 0
    assert running.value('engram_redis_away{job="engram-web"}') == 0
    assert running.value('engram_running_operations{space="acme_s1"}') == 0
    # The worker may be at something still, and Prometheus looks once a second.
    running.wait_until(lambda: running.value("sum(engram_queue_tasks)") == 0)
    running.wait_until(lambda: running.value("max(engram_queue_lag_seconds)") == 0)


def test_whose_a_space_is_is_told(running: Observed) -> None:
    assert running.value('engram_space_info{space="acme_shared", tenant="acme"}') == 1


def test_the_worker_answers_to_nothing_but_metrics(running: Observed) -> None:
    assert fetch(running.worker_port, "GET", "/metrics")[0] == 200
    assert fetch(running.worker_port, "GET", "/api/v1/spaces/")[0] == 404
    assert fetch(running.worker_port, "GET", "/metrics", {"X-Forwarded-For": "127.0.0.1"})[0] == 403


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_asks_what_prometheus_understands_and_engram_tells(running: Observed, dashboard: Path) -> None:
    told = _names(running)
    for expression in _expressions(dashboard):
        running.query(re.sub(r"\$\w+", ".*", expression))
        assert set(re.findall(r"\bengram_\w+", expression)) - told <= {"engram_tier_moves_total"}, expression


def _names(running: Observed) -> set[str]:
    _, answer = fetch(running.prometheus_port, "GET", "/api/v1/label/__name__/values")
    return set(json.loads(answer)["data"])


def _expressions(dashboard: Path) -> list[str]:
    document: Any = json.loads(dashboard.read_text())
    return [target["expr"] for panel in document["panels"] for target in panel["targets"]]


def test_a_tenants_dashboard_shows_that_tenants_spaces_alone(running: Observed) -> None:
    (bytes_held, *_) = _expressions(MONITORING / "grafana" / "dashboards" / "tenant.json")
    found = running.query(bytes_held.replace("$tenant", "globex").replace("$space", ".*"))
    assert {sample["metric"]["space"] for sample in found} == {"globex_s1"}


def test_no_alert_rings_where_all_is_well(running: Observed) -> None:
    assert [alert["metric"] for alert in running.query('ALERTS{alertstate="firing"}')] == []


@pytest.mark.parametrize(
    "arguments",
    ["check config --syntax-only prometheus.yml", "check rules alerts.yml", "test rules alerts_test.yml"],
)
def test_promtool_finds_no_fault(arguments: str) -> None:
    found = subprocess.run([program("promtool"), *arguments.split()], cwd=RULES, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_what_the_alerts_ask_for_is_told(running: Observed) -> None:
    told = _names(running)
    assert set(re.findall(r"\bengram_\w+", (RULES / "alerts.yml").read_text())) - told == set()
