"""How long requests take, and how busy the connections to the database are."""

import time
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import Gauge, Histogram

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_LATENCY = Histogram(
    "engram_request_latency_seconds",
    "How long requests took, by route; what was refused or answered before a route was found has none.",
    ["route", "method", "status"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
POOL_CONNECTIONS = Gauge(
    "engram_database_pool_connections",
    "Connections of the web processes' pools, in use and idle.",
    ["state"],
    multiprocess_mode="livesum",
)
POOL_WAITING = Gauge(
    "engram_database_pool_waiting", "Requests that wait for a connection of a pool.", multiprocess_mode="livesum"
)

# Seconds between two looks at the pool.
_LOOK_EVERY = 1.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MeasuringMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._next_look = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        if started >= self._next_look:
            self._next_look = started + _LOOK_EVERY
            _look_at_pool()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else ""
        measure(route, request.method or "", response.status_code, time.perf_counter() - started)
        return response


def measure(route: str, method: str, status: int, seconds: float) -> None:
    method = method if method in _METHODS else "other"
    REQUEST_LATENCY.labels(route, method, f"{status // 100}xx").observe(seconds)


def _look_at_pool() -> None:
    pool = connection.pool  # type: ignore[attr-defined]  # the PostgreSQL backend's
    if pool is None:
        return
    stats = pool.get_stats()
    idle = stats.get("pool_available", 0)
    POOL_CONNECTIONS.labels("idle").set(idle)
    POOL_CONNECTIONS.labels("used").set(stats.get("pool_size", 0) - idle)
    POOL_WAITING.set(stats.get("requests_waiting", 0))
