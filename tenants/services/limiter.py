"""How much a space is used at once: operations a second, and operations at the same time.

Both are counted in Redis, atomically, for all processes together. Without Redis each process goes on with its own share of the
limit, and says so in a metric. One operation a second asks Redis again, so it takes over by itself when it is back.
"""

import math
import os
import threading
import time
import uuid
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import redis
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerSecond, WindowStats
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from prometheus_client import Counter, Gauge

from tenants.errors import Invalid, Limited
from tenants.limits import installation
from tenants.metrics import space_label
from tenants.plurals import number_of
from tenants.redis_line import Line, RedisAway, connect
from tenants.scope import SpaceScope

FALLBACKS = Counter(
    "engram_limiter_fallback", "Checks of a limit that were made per process, because Redis did not answer."
)
RUNNING = Gauge(
    "engram_running_operations", "Operations that run in a space right now.", ["space"], multiprocess_mode="livesum"
)

# A place is leased, and its process renews it for as long as the operation takes. Of a process that died it is free after this.
LEASE_SECONDS = 60
# When a place will be free nobody knows; whoever found none is not let ask again sooner.
PATIENCE_SECONDS = 0.05

# How many leases a process remembers of which Redis did not say that they are gone; more of them run out by themselves.
_MOST_IN_DOUBT = 64

# Drop the leases that ran out or are in doubt, then take a place if there is one. The clock is the server's: the processes' may
# differ.
_TAKE = """
local time = redis.call('time')
local now = time[1] + time[2] / 1000000
redis.call('zremrangebyscore', KEYS[1], '-inf', now)
if ARGV[4] then redis.call('zrem', KEYS[1], unpack(ARGV, 4)) end
if redis.call('zcard', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('zadd', KEYS[1], now + ARGV[3], ARGV[2])
redis.call('expire', KEYS[1], ARGV[3])
return 1
"""
# Renew a lease that was not given back meanwhile.
_RENEW = """
local time = redis.call('time')
redis.call('zadd', KEYS[1], 'xx', time[1] + time[2] / 1000000 + ARGV[2], ARGV[1])
redis.call('expire', KEYS[1], ARGV[2])
"""


@dataclass(frozen=True, slots=True)
class RateNow:
    """How much of a space's rate is used in the running second, and how many operations run right now."""

    used: int
    running: int


class _Shared:
    """Counts in Redis, for all processes."""

    def __init__(self) -> None:
        self.line = Line()
        self._redis = connect()
        self._take = self._redis.register_script(_TAKE)
        self._renew = self._redis.register_script(_RENEW)
        self._held: dict[str, UUID] = {}
        self._in_doubt: deque[tuple[UUID, str]] = deque(maxlen=_MOST_IN_DOUBT)
        storage = RedisStorage(
            settings.REDIS_URL, connection_pool=self._redis.connection_pool, key_prefix="engram:rate"
        )
        self.rate: RateLimiter = MovingWindowRateLimiter(storage)
        threading.Thread(target=self._keep, name="leases", daemon=True).start()

    def take(self, space_id: UUID, most: int, lease: str) -> bool:
        in_doubt = [doubtful for of, doubtful in self._in_doubt.copy() if of == space_id]
        try:
            taken = bool(self._take(keys=[_places(space_id)], args=[most, lease, LEASE_SECONDS, *in_doubt]))
        except redis.RedisError:
            # It may have taken the place and answered too late.
            self._in_doubt.append((space_id, lease))
            raise
        if taken:
            self._held[lease] = space_id
        return taken

    def holds(self, space_id: UUID) -> int:
        return list(self._held.values()).count(space_id)

    def _keep(self) -> None:
        """Renew what is held. A thread does, because an operation may be waiting for a client that reads or sends slowly."""
        while True:
            time.sleep(LEASE_SECONDS / 3)
            for lease, space_id in self._held.copy().items():
                # Where this fails, two more attempts are left.
                with suppress(RedisAway), self.line.open():
                    self._renew(keys=[_places(space_id)], args=[lease, LEASE_SECONDS])

    def give_back(self, space_id: UUID, lease: str) -> None:
        del self._held[lease]
        try:
            with self.line.open():
                self._redis.zrem(_places(space_id), lease)
        except RedisAway:
            self._in_doubt.append((space_id, lease))

    def all_running(self, space_ids: Sequence[UUID]) -> list[int]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for space_id in space_ids:
                pipeline.zcard(_places(space_id))
            return [int(places) for places in pipeline.execute()]

    def running(self, space_id: UUID) -> int:
        return int(self._redis.zcard(_places(space_id)))  # type: ignore[arg-type]


class _Own:
    """Counts in this process, against its share of each limit."""

    def __init__(self) -> None:
        self.rate: RateLimiter = MovingWindowRateLimiter(MemoryStorage())
        self._running: Tally[UUID] = Tally()
        self._lock = threading.Lock()

    def take(self, space_id: UUID, most: int, lease: str) -> bool:
        with self._lock:
            if self._running[space_id] >= most:
                return False
            self._running[space_id] += 1
            return True

    def holds(self, space_id: UUID) -> int:
        return self._running[space_id]

    def give_back(self, space_id: UUID, lease: str) -> None:
        with self._lock:
            self._running[space_id] -= 1
            if not self._running[space_id]:
                del self._running[space_id]


_making = threading.Lock()


@cache
def _made() -> tuple[_Shared, _Own]:
    return _Shared(), _Own()


def _counters() -> tuple[_Shared, _Own]:
    # Threads that come first together would each make their own, and each count from nothing.
    with _making:
        return _made()


def spend(scope: SpaceScope, cost: int = 1, *, counted: int = 0) -> None:
    """Count an operation against the space's rate, but for what of its cost was counted before.

    Raises ``Limited`` with when to come back, and ``Invalid`` for a cost above the whole second's limit, which waiting would not
    help.
    """
    limit = scope.limits.rate_limit_per_space
    if cost > limit:
        raise Invalid(
            f"This counts as {cost} operations; the space {scope.space!r} allows {limit} a second. Send less at once.",
            "rate_cost_exceeded",
        )
    shared, own = _counters()
    try:
        with shared.line.open():
            refusal = _hit(shared.rate, scope, limit, cost - counted)
    except RedisAway:
        FALLBACKS.inc()
        share = _share(limit)
        refusal = _hit(own.rate, scope, share, min(cost, share) - counted)
    if refusal is not None:
        raise refusal


def spend_of_tenant(tenant_id: UUID) -> None:
    """Count a request that is of no space's rate against its tenant's; raise ``Limited`` with when to come back."""
    most = installation().administration.rate_limit_per_tenant
    shared, own = _counters()
    try:
        with shared.line.open():
            room_in = _room_of_tenant(shared.rate, tenant_id, most)
    except RedisAway:
        FALLBACKS.inc()
        room_in = _room_of_tenant(own.rate, tenant_id, _share(most))
    if room_in is not None:
        refusal = Limited(f"The tenant is allowed {number_of(most, 'request')} a second for its administration.")
        refusal.headers = _rate_headers(most, 0)
        refusal.room_in, refusal.of_space = room_in, False
        raise refusal


@contextmanager
def occupy(scope: SpaceScope) -> Iterator[None]:
    """Hold one of the space's places for the time of an operation; raise ``Limited`` if all are taken."""
    most, lease = scope.limits.max_concurrent_per_space, uuid.uuid4().hex
    shared, own = _counters()
    places: _Shared | _Own = shared
    try:
        with shared.line.open():
            taken = shared.take(scope.space_id, most - own.holds(scope.space_id), lease)
    except RedisAway:
        FALLBACKS.inc()
        places = own
        taken = own.take(scope.space_id, _share(most) - shared.holds(scope.space_id), lease)
    if not taken:
        refusal = Limited(
            f"The space {scope.space!r} has {number_of(most, 'operation')} running, which is its limit.",
            "concurrency_limited",
        )
        refusal.headers = {"Retry-After": "1"}
        refusal.room_in = PATIENCE_SECONDS
        raise refusal
    running = RUNNING.labels(space_label(scope.space))
    running.inc()
    try:
        yield
    finally:
        running.dec()
        places.give_back(scope.space_id, lease)


def has_room(item: RateLimitItem, *names: str) -> bool:
    """Whether one more of something that is no space's, an attempt to log in, would be within ``item``; see ``count``."""
    return _ask(lambda rate: rate.test(item, *names))


def count(item: RateLimitItem, *names: str) -> None:
    """Count one of something that is no space's towards ``item``."""
    _ask(lambda rate: rate.hit(item, *names))


def rate_now(scope: SpaceScope) -> RateNow | None:
    """What of the rate and the places is used right now, or ``None`` while Redis is away."""
    limit = scope.limits.rate_limit_per_space
    shared, _ = _counters()
    try:
        with shared.line.open():
            window = shared.rate.get_window_stats(RateLimitItemPerSecond(limit), str(scope.space_id))
            return RateNow(used=limit - window.remaining, running=shared.running(scope.space_id))
    except RedisAway:
        return None


def _ask(question: Callable[[RateLimiter], bool]) -> bool:
    shared, own = _counters()
    try:
        with shared.line.open():
            return question(shared.rate)
    except RedisAway:
        FALLBACKS.inc()
        return question(own.rate)


def running_now(space_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many operations each space runs right now, in one question for all; nothing is known while Redis is away."""
    shared, _ = _counters()
    try:
        with shared.line.open():
            return dict(zip(space_ids, shared.all_running(space_ids), strict=True))
    except RedisAway:
        return {}


def _hit(rate: RateLimiter, scope: SpaceScope, limit: int, cost: int) -> Limited | None:
    item, space_id = RateLimitItemPerSecond(limit), str(scope.space_id)
    if cost < 1 or rate.hit(item, space_id, cost=cost):
        return None
    window = rate.get_window_stats(item, space_id)
    most = scope.limits.rate_limit_per_space
    refusal = Limited(f"The space {scope.space!r} allows {number_of(most, 'operation')} a second.")
    refusal.headers = _rate_headers(most, window.remaining)
    # What was too much for the room that is left does not close the door to less.
    if not window.remaining:
        refusal.room_in = _seconds_until(window)
    return refusal


def _room_of_tenant(rate: RateLimiter, tenant_id: UUID, limit: int) -> float | None:
    """Count a request; ``None`` if it is let in, else the seconds until there is room."""
    item, names = RateLimitItemPerSecond(limit), ("tenant", str(tenant_id))
    return None if rate.hit(item, *names) else _seconds_until(rate.get_window_stats(item, *names))


def _seconds_until(window: WindowStats) -> float:
    return min(max(window.reset_time - time.time(), 0.01), 1.0)


def _rate_headers(most: int, remaining: int) -> dict[str, str]:
    # They count in whole seconds, and a window is one second long.
    return {
        "Retry-After": "1",
        "RateLimit-Limit": str(most),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": "1",
    }


def _share(limit: int) -> int:
    return max(1, math.ceil(limit / int(os.environ.get("ENGRAM_WEB_WORKERS", "2"))))


def _places(space_id: UUID) -> str:
    return f"engram:running:{space_id}"
