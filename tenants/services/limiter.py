"""How much a space is used at once: operations a second, and operations at the same time.

Both are counted in Redis, atomically, for all processes together. Without Redis each process goes on with its own share of the
limit, and says so in a metric; Redis is tried again a second later, so it takes over by itself when it is back.
"""

import math
import os
import threading
import time
import uuid
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import redis
from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from prometheus_client import Counter

from tenants.errors import Invalid, Limited
from tenants.scope import SpaceScope

FALLBACKS = Counter(
    "engram_limiter_fallback", "Operations that were limited per process, because Redis did not answer."
)

# An operation that its process did not live to end gives its place back after this.
LEASE_SECONDS = 60
RETRY_SECONDS = 1.0
_TIMEOUT = 0.25

# Drop the leases that ran out, then take a place if there is one.
_TAKE = """
redis.call('zremrangebyscore', KEYS[1], '-inf', ARGV[1])
if redis.call('zcard', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('zadd', KEYS[1], ARGV[2], ARGV[4])
redis.call('expire', KEYS[1], ARGV[5])
return 1
"""


@dataclass(frozen=True, slots=True)
class RateNow:
    """How much of a space's rate is used in the running second, and how many operations run right now."""

    used: int
    running: int


class RedisAway(Exception):
    """Redis did not answer just now."""


class _Shared:
    """Counts in Redis, for all processes."""

    def __init__(self) -> None:
        options: dict[str, Any] = {"socket_timeout": _TIMEOUT, "socket_connect_timeout": _TIMEOUT}
        self._redis = redis.Redis.from_url(settings.REDIS_URL, **options)
        self._take = self._redis.register_script(_TAKE)
        storage = RedisStorage(settings.REDIS_URL, wrap_exceptions=True, key_prefix="engram:rate", **options)
        self.rate: RateLimiter = MovingWindowRateLimiter(storage)

    def take(self, space_id: UUID, most: int, lease: str) -> bool:
        now = time.time()
        arguments: list[float | str] = [now, now + LEASE_SECONDS, most, lease, LEASE_SECONDS]
        return bool(self._take(keys=[_places(space_id)], args=arguments))

    def give_back(self, space_id: UUID, lease: str) -> None:
        self._redis.zrem(_places(space_id), lease)

    def running(self, space_id: UUID) -> int:
        return int(self._redis.zcount(_places(space_id), time.time(), "+inf"))  # type: ignore[arg-type]


class _Own:
    """Counts in this process, against its share of each limit."""

    def __init__(self) -> None:
        self.rate: RateLimiter = MovingWindowRateLimiter(MemoryStorage())
        self._running: Tally[UUID] = Tally()
        self._lock = threading.Lock()

    def take(self, space_id: UUID, most: int, lease: str) -> bool:
        with self._lock:
            if self._running[space_id] >= _share(most):
                return False
            self._running[space_id] += 1
            return True

    def give_back(self, space_id: UUID, lease: str) -> None:
        with self._lock:
            self._running[space_id] -= 1
            if not self._running[space_id]:
                del self._running[space_id]


class _Availability:
    """When Redis may be asked again."""

    def __init__(self) -> None:
        self.retry_at = 0.0

    def check(self) -> None:
        if time.monotonic() < self.retry_at:
            raise RedisAway

    def lost(self) -> None:
        self.retry_at = time.monotonic() + RETRY_SECONDS


_availability = _Availability()


@cache
def _shared() -> _Shared:
    return _Shared()


@cache
def _own() -> _Own:
    return _Own()


def spend(scope: SpaceScope, cost: int = 1) -> None:
    """Count an operation against the space's rate; raise ``Limited`` with when to come back.

    Raises ``Invalid`` for a cost above the whole second's limit, which waiting would not help.
    """
    limit = scope.limits.rate_limit_per_space
    if cost > limit:
        raise Invalid(
            f"This counts as {cost} operations; the space {scope.space!r} allows {limit} a second. Send less at once.",
            "rate_cost_exceeded",
        )
    try:
        _availability.check()
        item, rate = RateLimitItemPerSecond(limit), _shared().rate
        allowed = rate.hit(item, str(scope.space_id), cost=cost)
    except (StorageError, RedisAway) as error:
        _note_absence(error)
        item, rate = RateLimitItemPerSecond(_share(limit)), _own().rate
        allowed = rate.hit(item, str(scope.space_id), cost=min(cost, _share(limit)))
    if not allowed:
        raise _rate_limited(scope, limit, rate.get_window_stats(item, str(scope.space_id)).reset_time - time.time())


@contextmanager
def occupy(scope: SpaceScope) -> Iterator[None]:
    """Hold one of the space's places for the time of an operation; raise ``Limited`` if all are taken."""
    most, lease = scope.limits.max_concurrent_per_space, uuid.uuid4().hex
    try:
        _availability.check()
        places: _Shared | _Own = _shared()
        taken = places.take(scope.space_id, most, lease)
    except (redis.RedisError, RedisAway) as error:
        _note_absence(error)
        places = _own()
        taken = places.take(scope.space_id, most, lease)
    if not taken:
        refusal = Limited(
            f"The space {scope.space!r} has {most} operations running, which is its limit.", "concurrency_limited"
        )
        refusal.headers = {"Retry-After": "1"}
        raise refusal
    try:
        yield
    finally:
        try:
            places.give_back(scope.space_id, lease)
        except redis.RedisError as error:
            _note_absence(error)


def rate_now(scope: SpaceScope) -> RateNow | None:
    """What of the rate and the places is used right now, or ``None`` while Redis is away."""
    limit = scope.limits.rate_limit_per_space
    try:
        _availability.check()
        stats = _shared().rate.get_window_stats(RateLimitItemPerSecond(limit), str(scope.space_id))
        return RateNow(used=limit - stats.remaining, running=_shared().running(scope.space_id))
    except (StorageError, redis.RedisError, RedisAway):
        return None


def _note_absence(error: Exception) -> None:
    FALLBACKS.inc()
    if not isinstance(error, RedisAway):
        _availability.lost()


def _rate_limited(scope: SpaceScope, limit: int, room_in: float) -> Limited:
    refusal = Limited(f"The space {scope.space!r} allows {limit} operations a second.")
    # The headers count in whole seconds, and a window is one second long.
    refusal.headers = {
        "Retry-After": "1",
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "1",
    }
    refusal.room_in = min(max(room_in, 0.01), 1.0)
    return refusal


def _share(limit: int) -> int:
    return max(1, math.ceil(limit / int(os.environ.get("ENGRAM_WEB_WORKERS", "2"))))


def _places(space_id: UUID) -> str:
    return f"engram:running:{space_id}"
