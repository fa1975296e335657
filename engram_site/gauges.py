"""What is looked up at the moment of a scrape: how much the spaces hold, and how long tasks wait."""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from engram_site.tracing import SENT_AT
from memory import queries
from memory.index_queries import held_indexes
from tenants.metrics import labelled_spaces

QUEUES = sorted({"celery", *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values())})
_TIMEOUT = 0.5

logger = logging.getLogger(__name__)


class StorageCollector(Collector):
    """Sizes by space, those beyond ``ENGRAM_METRICS_MAX_SPACES`` together."""

    def collect(self) -> Iterator[Metric]:
        memories = GaugeMetricFamily(
            "engram_memories", "Memories that a space holds, by tier.", labels=["space", "tier"]
        )
        stored = GaugeMetricFamily(
            "engram_storage_memory_bytes",
            "Bytes of text and vectors that a space holds; indexes come on top.",
            labels=["space"],
        )
        owners = InfoMetricFamily("engram_space", "Whose a space is.", labels=["space"])
        totals: defaultdict[str, int] = defaultdict(int)
        try:
            sizes = queries.space_sizes(settings.METRICS_MAX_SPACES)
            tenants = labelled_spaces()
        except DatabaseError:
            connection.close()
            logger.exception("The database did not say how much the spaces hold; their sizes are left out")
            return
        for size in sizes:
            memories.add_metric([size.space, size.tier], size.memories)
            totals[size.space] += size.bytes
        for space, total in totals.items():
            stored.add_metric([space], total)
        for space, tenant in tenants.items():
            owners.add_metric([space], {"tenant": tenant})
        yield memories
        yield stored
        yield owners


class IndexCollector(Collector):
    """The indexes over large spaces' vectors: how many are used, and how many wait to be built or dropped."""

    def collect(self) -> Iterator[Metric]:
        try:
            held = held_indexes()
        except DatabaseError:
            connection.close()
            logger.exception("The database did not say which indexes there are; they are left out")
            return
        counted = GaugeMetricFamily("engram_ann_indexes", "Indexes over large spaces' vectors.", labels=["state"])
        valid = sum(index.valid for index in held)
        counted.add_metric(["used"], valid)
        counted.add_metric(["unfinished"], len(held) - valid)
        yield counted
        yield GaugeMetricFamily("engram_ann_index_bytes", "What they take.", value=sum(index.bytes for index in held))


class QueueCollector(Collector):
    """Tasks that wait for a worker, by queue, and since when the one has that waits longest."""

    def collect(self) -> Iterator[Metric]:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT)
        tasks = GaugeMetricFamily("engram_queue_tasks", "Tasks that wait for a worker.", labels=["queue"])
        lag = GaugeMetricFamily(
            "engram_queue_lag_seconds", "How long the first task in the queue has waited.", labels=["queue"]
        )
        try:
            for queue in QUEUES:
                tasks.add_metric([queue], float(str(client.llen(queue))))
                lag.add_metric([queue], _waited(client.lindex(queue, -1)))
        except redis.RedisError:
            return
        finally:
            client.close()
        yield tasks
        yield lag


def _waited(message: object) -> float:
    if not isinstance(message, bytes | str):
        return 0.0
    sent_at = json.loads(message)["headers"].get(SENT_AT)
    return max(0.0, time.time() - float(sent_at)) if sent_at else 0.0
