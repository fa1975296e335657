"""What a memory takes on disk, by tier and by table, and what an operation takes of a core: what capacity is planned with."""

import json
from collections.abc import Sequence
from dataclasses import replace

import psycopg
from tqdm import tqdm

from benchmarks.bulk import Loader
from benchmarks.clients import keep_asking, share_out
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Cell, Findings, Table
from benchmarks.spaces import BATCH, FilledSpace, fill, make_tenant
from engram_site.runner.database import DATABASE
from memory.models import Entity, Memory, Tier, Unlinked
from memory.services.entities import link_entities
from memory.services.lexicon import refresh_lexicon
from tenants.operations import Action, record
from tenants.scope import SpaceScope, space_tx

TREES = (
    "memory_memory", "memory_embedding", "memory_association", "memory_lexeme", "memory_entity", "audit_auditevent",
)  # fmt: skip
SIZE = """
select sum(pg_table_size(relid))::bigint, sum(pg_indexes_size(relid))::bigint from pg_partition_tree(%s::regclass)
"""
EVENTS = 5_000
CLIENTS = 8
Sizes = dict[str, tuple[int, int]]


def measure(installation: Installation, *, quick: bool) -> Findings:
    size, seconds = (20_000, 3) if quick else (100_000, 10)
    corpus = Corpus(seed=1)
    tenant = make_tenant("footprint", ["bench-footprint", "bench-written", "bench-long"])
    with psycopg.connect(installation.admin_url, dbname=DATABASE, autocommit=True) as admin:
        empty = _sizes(admin)
        with Loader(installation.admin_url) as loader, tqdm(total=size, desc="Filling", leave=False) as bar:
            space = fill(tenant, "bench-footprint", size, 500, corpus, loader, bar)
        refresh_lexicon(SpaceScope.for_task(space.scope.space_id))
        full = _taken(empty, _sizes(admin))
        with space_tx(space.scope):
            for _ in range(EVENTS):
                record(space.scope, Action.RECALL, target="10 memories")
        events = _taken(empty, _sizes(admin))["audit_auditevent"]
        rates = _rates(installation, space, corpus, seconds)
        written = _sizes(admin)
        with space_tx(space.scope):
            Memory.objects.filter(space_id=space.scope.space_id).update(tier=Tier.COLD)
        hot = full["memory_embedding"]
        moved = _taken(written, _sizes(admin))["memory_embedding"]
        cold = hot[0] + moved[0], hot[1] + moved[1]
        written = _sizes(admin)
        long = _fill_with_long_texts(tenant.open("bench-long"), corpus, installation, size // 5)
        longer = _taken(written, _sizes(admin))["memory_memory"]
        names = _read_names(space)
        named = _taken(written, _sizes(admin))["memory_entity"]
    rows: list[Sequence[Cell]] = [
        [f"a memory of {_text_bytes(space)} bytes of text, with words and keys", *_each(full["memory_memory"], size)],
        [f"a memory of {long} bytes of text", *_each(longer, size // 5)],
        ["its vector of 384 numbers, hot or warm", *_each(full["memory_embedding"], size)],
        ["its vector, cold", *_each(cold, size)],
        ["an association", *_each(full["memory_association"], space.associations)],
        ["the lexicon, a memory", *_each(full["memory_lexeme"], size)],
        ["a name that a memory holds", *_each(named, names)],
        ["a row of the audit trail", *_each(events, EVENTS)],
    ]
    return Findings(
        [
            Table(f"Bytes on disk, each, from {size:,} memories", ["what", "table", "indexes"], rows),
            Table("Operations a second, all of this machine's cores together", ["operation", "rate"], rates),
        ],
        [],
    )


def _fill_with_long_texts(scope: SpaceScope, corpus: Corpus, installation: Installation, size: int) -> int:
    """Memories of five sentences each; the bytes of one's text."""
    contents = [" ".join(text.content for text in corpus.texts(5)) for _ in range(size)]
    texts = [replace(text, content=content) for text, content in zip(corpus.texts(size), contents, strict=True)]
    with Loader(installation.admin_url) as loader:
        loader.load(scope.space_id, texts, list(corpus.vectors(texts)))
    return round(sum(map(len, contents)) / size)


def _read_names(space: FilledSpace) -> int:
    """Let a worker find the memories' names; how many they hold."""
    scope = SpaceScope.for_task(space.scope.space_id)
    with space_tx(scope):
        Unlinked.objects.bulk_create(Unlinked(space_id=scope.space_id, memory_id=memory_id) for memory_id in space.ids)
    while not link_entities(scope):
        pass
    with space_tx(scope):
        return Entity.objects.filter(space_id=scope.space_id).count()


def _rates(installation: Installation, space: FilledSpace, corpus: Corpus, seconds: float) -> list[Sequence[Cell]]:
    clients = [space.tenant.client(installation) for _ in range(CLIENTS)]
    cues = [json.dumps({"query": text}).encode() for text in space.questions]
    keep_asking(clients, f"spaces/{space.name}/recall/", cues, 2)
    recalls = len(keep_asking(clients, f"spaces/{space.name}/recall/", cues, seconds))
    path = "spaces/bench-written/memories/batch/"
    texts = [corpus.texts(100) for _ in range(8)]
    by_text = [json.dumps({"memories": [{"content": text.content} for text in batch]}).encode() for batch in texts]
    vectors = [(batch, corpus.vectors(batch)) for batch in (corpus.texts(BATCH) for _ in range(4))]
    by_vector = [
        json.dumps(
            {
                "memories": [
                    {"content": text.content, "embedding": vector.tolist()}
                    for text, vector in zip(batch, made, strict=True)
                ]
            }
        ).encode()
        for batch, made in vectors
    ]
    return [
        ["recalls by text", recalls / seconds],
        ["texts remembered, embedded by the server", 800 / share_out(clients[:2], path, by_text)],
        ["memories remembered with their vectors", 4 * BATCH / share_out(clients[:2], path, by_vector)],
    ]


def _sizes(admin: psycopg.Connection) -> Sizes:
    found: Sizes = {}
    for tree in TREES:
        admin.execute(f"vacuum (full, analyze) {tree}")
        row = admin.execute(SIZE, [tree]).fetchone()
        assert row is not None
        found[tree] = (row[0], row[1])
    return found


def _taken(before: Sizes, after: Sizes) -> Sizes:
    return {tree: (after[tree][0] - before[tree][0], after[tree][1] - before[tree][1]) for tree in TREES}


def _each(taken: tuple[int, int], count: int) -> tuple[float, float]:
    return taken[0] / count, taken[1] / count


def _text_bytes(space: FilledSpace) -> int:
    with space_tx(space.scope):
        sample = Memory.objects.filter(space_id=space.scope.space_id)[:1_000]
        lengths = [len(memory.content.encode()) for memory in sample]
    return round(sum(lengths) / len(lengths))
