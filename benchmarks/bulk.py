"""Loading what only has to be there, past the API: rows are copied in by a superuser whose session skips foreign keys."""

import random
from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from benchmarks.corpus import Text
from engram_site.runner.database import DATABASE
from memory.models import Association
from memory.records import Vector

# Memories of one conversation; neighbours in it are associated both ways.
SESSION = 25
# Explicit associations per memory, which with the two of its session makes six.
EXPLICIT = 4

INCOMING = """
create temp table if not exists incoming (
    id uuid primary key default uuidv7(), content text, session text, vector halfvec
)
"""
STORE = """
with language as materialized (
    select engram_text_search(%(space_id)s) as config
),
stored as (
    insert into memory_memory (space_id, id, content, content_hash, session, lexemes)
    select %(space_id)s, id, content, sha256(convert_to(content, 'UTF8')), session,
           engram_lexemes(content, language.config)
    from incoming cross join language
),
-- A session that skips foreign keys skips the triggers that count, too.
counted as (
    insert into memory_tally as held (space_id, tier, shard, memories, bytes)
    select %(space_id)s, 'hot', 0, count(*), sum(memory_text_bytes(content, '{}')) from incoming
    on conflict (space_id, tier, shard) do update
        set memories = held.memories + excluded.memories, bytes = held.bytes + excluded.bytes
)
insert into memory_embedding (space_id, memory_id, tier, vector) select %(space_id)s, id, 'hot', vector from incoming
"""


class Loader:
    """A superuser's connection to the installation's database, to be used in a ``with`` block."""

    def __init__(self, admin_url: str) -> None:
        self._connection = psycopg.connect(admin_url, dbname=DATABASE, autocommit=True)

    def __enter__(self) -> "Loader":
        self._connection.execute("set session_replication_role = replica")
        self._connection.execute(INCOMING)
        register_vector(self._connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def load(self, space_id: UUID, texts: Sequence[Text], vectors: Sequence[Vector]) -> list[UUID]:
        """Store memories in their order, in sessions, with a lexicon still to be counted; return their ids."""
        with self._connection.cursor() as cursor:
            with cursor.copy("copy incoming (content, session, vector) from stdin (format binary)") as copy:
                copy.set_types(["text", "text", "halfvec"])
                for index, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
                    copy.write_row([text.content, f"conversation {index // SESSION}", HalfVector(vector)])
            cursor.execute(STORE, {"space_id": space_id})
            ids = [row[0] for row in cursor.execute("select id from incoming order by id")]
            cursor.execute("truncate incoming")
        return ids

    def associate(self, space_id: UUID, ids: Sequence[UUID]) -> int:
        """Associate memories, about six for each and hundreds for a few; return how many associations that makes.

        Explicit sources and targets are drawn with a density that falls as 1 / sqrt(rank).
        """
        draw = random.Random(len(ids))
        kinds: dict[tuple[UUID, UUID, str], float] = {}
        for index, (before, after) in enumerate(pairwise(ids), start=1):
            if index % SESSION:
                kinds[before, after, Association.Kind.TEMPORAL] = kinds[after, before, Association.Kind.TEMPORAL] = 1.0
        for _ in range(EXPLICIT * len(ids)):
            source, target = _skewed(draw, ids), _skewed(draw, ids)
            if source != target:
                kinds[source, target, Association.Kind.EXPLICIT] = draw.uniform(0.3, 1)
        columns = "copy memory_association (space_id, source_id, target_id, kind, weight) from stdin (format binary)"
        with self._connection.cursor() as cursor, cursor.copy(columns) as copy:
            copy.set_types(["uuid", "uuid", "uuid", "text", "float4"])
            for (source, target, kind), weight in kinds.items():
                copy.write_row([space_id, source, target, str(kind), weight])
        return len(kinds)

    def settle(self) -> None:
        """What autovacuum and the checkpointer would do in the minutes after a load, before anything is measured."""
        self._connection.execute("vacuum analyze")
        self._connection.execute("checkpoint")


def _skewed(draw: random.Random, ids: Sequence[UUID]) -> UUID:
    return ids[int(len(ids) * draw.random() ** 2)]
