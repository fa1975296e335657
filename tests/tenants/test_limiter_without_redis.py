"""The limits while Redis is away: kept per process, said in a metric, and nobody waits for what does not answer."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from django.conf import LazySettings
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from engram_site.runner.valkey import EmbeddedValkey
from tenants import redis_line
from tenants.services import limiter
from tests.limits import limit_space
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi, problems
from tests.tenants.test_limiter import listing, spent, spent_in
from tests.world import World, scope_of


@pytest.fixture
def afresh() -> Iterator[None]:
    """Connections and counts from before are forgotten, and those of the test after it."""
    limiter._made.cache_clear()
    yield
    limiter._made.cache_clear()


@pytest.fixture
def valkey(afresh: None, tmp_path: Path, settings: LazySettings) -> Iterator[EmbeddedValkey]:
    """A server that the test may stop."""
    server = EmbeddedValkey(tmp_path / "valkey", durable=False)
    server.start()
    settings.REDIS_URL = server.url
    yield server
    server.stop()


@pytest.fixture
def hurry(settings: LazySettings) -> None:
    """Nobody waits for long."""
    settings.REDIS_TIMEOUT = 0.5


@pytest.fixture
def silence(afresh: None, hurry: None, settings: LazySettings) -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        settings.REDIS_URL = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        yield server


@pytest.fixture
def acme(world: World) -> SpaceApi:
    return SpaceApi("acme_s1", world.client("acme_s1"))


def fallbacks() -> float:
    return REGISTRY.get_sample_value("engram_limiter_fallback_total") or 0.0


@contextmanager
def silent(server: EmbeddedValkey) -> Iterator[None]:
    """It hears and does not answer; what it heard it does afterwards."""
    with redis.Redis.from_url(server.url) as client:
        process = client.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)
        time.sleep(redis_line.RETRY_SECONDS)


def ready() -> tuple[int, str, str]:
    answer = APIClient().get("/readyz")
    return answer.status_code, answer.json()["status"], answer.json()["checks"]["redis"]


def connections_to(server: socket.socket) -> int:
    """How many have been waiting to be accepted."""
    server.setblocking(False)
    accepted = []
    try:
        while True:
            accepted.append(server.accept()[0])
    except BlockingIOError:
        pass
    for connection in accepted:
        connection.close()
    return len(accepted)


def test_the_api_goes_on_and_a_metric_says_so(acme: SpaceApi, valkey: EmbeddedValkey) -> None:
    assert (listing(acme), fallbacks()) == (200, before := fallbacks())
    valkey.stop()
    assert listing(acme) == 200
    acme.remember("While Redis is away.")
    assert fallbacks() >= before + 2


def test_readiness_is_degraded_and_not_lost(world: World, valkey: EmbeddedValkey) -> None:
    assert ready() == (200, "ok", "ok")
    valkey.stop()
    assert ready() == (200, "degraded", "does not answer; limits are kept per process")


def test_the_rate_is_limited_to_this_processs_share(
    acme: SpaceApi, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_WEB_WORKERS", "4")
    limit_space("acme_s1", rate_limit_per_space=10)
    valkey.stop()
    answers = [acme.get("memories/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["RateLimit-Limit"] == "10"
    time.sleep(1.05)
    assert listing(acme) == 200


@pytest.mark.usefixtures("endless_second")
def test_a_large_batch_fits_into_the_share_of_a_quiet_second(
    acme: SpaceApi, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_WEB_WORKERS", "4")
    limit_space("acme_s1", rate_limit_per_space=10)
    valkey.stop()
    memories = [{"content": f"Memory {n}.", "embedding": [1.0] + [0.0] * 383} for n in range(100)]
    assert acme.post("memories/batch/", {"memories": memories}).status_code == 201
    assert listing(acme) == 429


@pytest.mark.usefixtures("endless_second")
def test_threads_that_all_come_first_get_no_more_than_the_share(world: World, valkey: EmbeddedValkey) -> None:
    limit_space("acme_s1", rate_limit_per_space=20)
    scope = scope_of("acme_s1")
    valkey.stop()
    assert sum(at_once(*[lambda: spent_in(scope, 0.5)] * 8)) == 10


def test_the_places_are_this_processs_share(
    acme: SpaceApi, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_WEB_WORKERS", "2")
    limit_space("acme_s1", max_concurrent_per_space=3)
    scope = scope_of("acme_s1")
    valkey.stop()
    with limiter.occupy(scope):
        assert listing(acme) == 200
        with limiter.occupy(scope):
            assert problems(acme.get("memories/")) == [("concurrency_limited", None)]
    time.sleep(limiter.PATIENCE_SECONDS)
    assert listing(acme) == 200


def test_the_places_held_when_redis_goes_are_a_part_of_the_share(
    acme: SpaceApi, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGRAM_WEB_WORKERS", "2")
    limit_space("acme_s1", max_concurrent_per_space=3)
    scope = scope_of("acme_s1")
    with limiter.occupy(scope), limiter.occupy(scope):
        valkey.stop()
        assert listing(acme) == 429


def test_the_places_held_when_redis_comes_back_are_not_given_again(acme: SpaceApi, valkey: EmbeddedValkey) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    valkey.stop()
    with limiter.occupy(scope_of("acme_s1")):
        valkey.start()
        time.sleep(redis_line.RETRY_SECONDS)
        before = fallbacks()
        assert listing(acme) == 429
    time.sleep(limiter.PATIENCE_SECONDS)
    assert (listing(acme), fallbacks()) == (200, before)


def test_a_place_that_redis_gave_too_late_is_free(world: World, hurry: None, valkey: EmbeddedValkey) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    scope = scope_of("acme_s1")
    with limiter.occupy(scope):
        pass
    with silent(valkey), limiter.occupy(scope):
        pass
    with limiter.occupy(scope):
        assert limiter.rate_now(scope) == limiter.RateNow(used=0, running=1)


def test_a_place_given_back_while_redis_is_away_is_free_when_it_is_back(
    world: World, hurry: None, valkey: EmbeddedValkey
) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    scope = scope_of("acme_s1")
    with ExitStack() as held:
        held.enter_context(limiter.occupy(scope))
        with silent(valkey):
            spent(scope)
            held.close()
    with limiter.occupy(scope):
        assert limiter.rate_now(scope) == limiter.RateNow(used=0, running=1)


def test_an_operation_that_redis_leaves_in_the_middle_of_ends_well(world: World, valkey: EmbeddedValkey) -> None:
    scope = scope_of("acme_s1")
    with limiter.occupy(scope):
        valkey.stop()
    assert spent(scope)


def test_usage_says_that_nobody_knows_the_rate(acme: SpaceApi, valkey: EmbeddedValkey) -> None:
    valkey.stop()
    used = acme.get("usage/").json()
    assert used["rate"] == {"used": None, "limit": 100}
    assert used["concurrency"] == {"used": None, "limit": 8}
    assert used["hot"]["memories"] == 1


@pytest.mark.usefixtures("endless_second")
def test_redis_takes_over_by_itself_when_it_is_back(world: World, valkey: EmbeddedValkey) -> None:
    limit_space("acme_s1", rate_limit_per_space=10)
    scope = scope_of("acme_s1")
    valkey.stop()
    assert spent(scope)
    valkey.start()
    time.sleep(redis_line.RETRY_SECONDS)
    before = fallbacks()
    assert [spent(scope) for _ in range(11)] == [True] * 10 + [False]
    assert limiter.rate_now(scope) == limiter.RateNow(used=10, running=0)
    assert fallbacks() == before


def test_threads_with_connections_from_before_all_find_redis_again(world: World, valkey: EmbeddedValkey) -> None:
    scope = scope_of("acme_s1")
    at_once(*[lambda: spent(scope)] * 8)
    valkey.stop()
    assert spent(scope)
    valkey.start()
    time.sleep(redis_line.RETRY_SECONDS)
    assert spent(scope)
    before = fallbacks()
    at_once(*[lambda: spent(scope)] * 8)
    assert fallbacks() == before


def test_a_redis_that_will_not_write_is_as_good_as_none(acme: SpaceApi, valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", 1)
    before = fallbacks()
    assert listing(acme) == 200
    assert fallbacks() > before


def test_one_request_waits_for_a_redis_that_is_silent_and_the_rest_do_not(
    acme: SpaceApi, silence: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_line, "RETRY_SECONDS", 60)
    began = time.perf_counter()
    assert listing(acme) == 200
    assert time.perf_counter() - began > 0.5
    assert [listing(acme) for _ in range(7)] == [200] * 7
    assert connections_to(silence) == 1


def test_a_silent_redis_is_asked_once_a_second_however_many_ask(world: World, silence: socket.socket) -> None:
    scope = scope_of("acme_s1")
    spent(scope)
    assert connections_to(silence) == 1
    began = time.monotonic()
    at_once(*[lambda: spent_in(scope, 3.5)] * 8)
    most = 1 + (time.monotonic() - began) / redis_line.RETRY_SECONDS
    assert 1 <= connections_to(silence) <= most


def test_readiness_answers_in_time_when_redis_is_silent(world: World, silence: socket.socket) -> None:
    # The first question to a process waits for its modules.
    assert APIClient().get("/healthz").status_code == 200
    began = time.perf_counter()
    assert ready()[:2] == (200, "degraded")
    assert time.perf_counter() - began < 10
