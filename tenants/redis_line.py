"""The line to Redis, for what goes on without it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from prometheus_client import Gauge

AWAY = Gauge(
    "engram_redis_away", "1 while a process cannot reach Redis and goes on alone.", multiprocess_mode="livemax"
)

RETRY_SECONDS = 1.0


class RedisAway(Exception):
    """Redis did not answer just now."""


def connect() -> redis.Redis:
    """A client whose calls take no longer than ``REDIS_TIMEOUT``: whoever asks has something better to do."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )


class Line:
    """The line to Redis. While it is dead, one operation a second tries it, and the others do not wait to hear that."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dead_until: float | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Around a call to Redis: raises ``RedisAway`` if the call fails, or before it while there is no use in it."""
        with self._lock:
            if self._dead_until is not None:
                if time.monotonic() < self._dead_until:
                    raise RedisAway
                self._dead_until = time.monotonic() + RETRY_SECONDS
        try:
            yield
        except redis.RedisError as error:
            self._dead_until = time.monotonic() + RETRY_SECONDS
            AWAY.set(1)
            raise RedisAway from error
        if self._dead_until is not None:
            self._dead_until = None
            AWAY.set(0)
