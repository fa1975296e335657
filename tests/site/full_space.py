"""A space that workers have much to do with, for tests that disturb them at it."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

import redis
from django.db.models import Sum

from memory.models import Memory
from memory.records import NewMemory
from memory.services.remember import remember_batch
from tenants.scope import space_tx
from tests.limits import limit_space
from tests.memory.space_api import space_of_vectors
from tests.site.workers import Worker
from tests.world import scope_of

SPACE = "acme_plane"
MEMORIES = 2_000


def make_full_space() -> str:
    """The id of a space in which all but four hundred of its hot memories have to move."""
    space_of_vectors(SPACE, 2)
    for start in range(0, MEMORIES, 1_000):
        contents = [f"word{n} shared{n % 7}" for n in range(start, start + 1_000)]
        remember_batch(
            scope_of(SPACE), [NewMemory(content, embedding=[1.0, n % 5]) for n, content in enumerate(contents)]
        )
    limit_space(SPACE, hot_capacity_per_space=500)
    return str(scope_of(SPACE).space_id)


def count(**lookups: object) -> int:
    with space_tx(scope_of(SPACE)):
        return Memory.objects.filter(**lookups).count()


def recalls() -> int:
    with space_tx(scope_of(SPACE)):
        return int(Memory.objects.aggregate(all=Sum("recall_count"))["all"])


def note_recalls(worker: Worker, times: int) -> None:
    """Let three memories have been recalled together so often."""
    with space_tx(scope_of(SPACE)):
        ids: list[UUID] = list(Memory.objects.values_list("id", flat=True)[:3])
    packed, stream = b"".join(memory.bytes for memory in ids), f"engram:recalled:{scope_of(SPACE).space_id}"
    with redis.Redis.from_url(worker.valkey.url) as client, client.pipeline() as pipeline:
        for _ in range(times):
            pipeline.xadd(stream, {"memories": packed, "together": 3})
        pipeline.execute()


def long_file(memories: int) -> Iterator[bytes]:
    """An export of so many memories, too long for a worker to store in one batch."""
    yield b'{"type": "space", "version": 1, "embedding_model": "of-the-client", "embedding_dimension": 2}\n'
    for number in range(memories):
        line = {"type": "memory", "id": str(uuid4()), "content": f"{number} {'word ' * 300}", "embedding": [1, 0]}
        yield json.dumps(line).encode() + b"\n"
    yield b'{"type": "end"}'
