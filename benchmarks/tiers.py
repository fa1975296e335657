"""Tiers: what a memory costs in each, how fast memories move, what recall feels of it, and what reinforcement costs."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from statistics import median
from uuid import UUID

import psycopg
from tqdm import tqdm

from benchmarks.clients import Client
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Findings, Table, Wanted
from benchmarks.spaces import BATCH, Tenant, make_tenant
from benchmarks.timing import Latency, timed
from engram_site.runner.database import DATABASE
from engram_site.runner.site import ROOT
from memory import queries
from memory.models import Tier
from memory.records import NewMemory, Vector
from memory.services.recall import Cue, recall
from memory.services.reinforcement import note
from memory.services.remember import remember_batch
from tenants.callers import operator
from tenants.limits import installation as configured
from tenants.scope import SpaceScope, space_tx
from tenants.services.space_limits import set_limits

SPACE = "bench-tiers"
SIZES = """
select sum(pg_total_relation_size(c.oid)) from pg_class c
where c.relkind = 'r' and c.relispartition and c.relname ~ '^memory_(memory|embedding)_'
"""
LEAF = "select tableoid::regclass::text from memory_embedding where space_id = %s limit 1"


def measure(installation: Installation, *, quick: bool) -> Findings:
    size = 4_000 if quick else 20_000
    cues = 100 if quick else 300
    tenant = make_tenant("bench-tiers", [SPACE])
    scope, corpus = tenant.open(SPACE), Corpus(seed=3)
    with _superuser(installation) as admin:
        empty = _bytes(admin)
        ids, vectors = _fill(scope, corpus, size)
        asked = [corpus.near(vector) for vector in vectors[:cues]]
        costs, latencies, rates = (
            {Tier.HOT: (_bytes(admin) - empty) / size},
            {Tier.HOT: _latency(scope, Tier.HOT, asked)},
            {},
        )
        index = _index_bytes(admin, scope) / size
        for source, target in (
            (Tier.HOT, Tier.WARM),
            (Tier.WARM, Tier.COLD),
            (Tier.COLD, Tier.WARM),
            (Tier.WARM, Tier.HOT),
        ):
            rates[source, target] = _move(scope, ids, source, target)
            # As autovacuum would: else the next move takes the tier for as small as it was when it was last looked at.
            admin.execute("analyze memory_memory, memory_embedding")
            if target not in costs:
                costs[target], latencies[target] = (_bytes(admin) - empty) / size, _latency(scope, target, asked)
        admin.execute("vacuum analyze")
    quiet, during = _beside_a_rebalance(installation, tenant, asked, size)
    reinforcement = _reinforcement(scope, asked)
    tiers: list[list[str | int | float | None]] = [
        [f"{tier}", costs[tier], latencies[tier].p50, latencies[tier].p99] for tier in Tier
    ]
    tiers.insert(1, ["hot, with an HNSW index", costs[Tier.HOT] + index, None, None])
    return Findings(
        [
            Table(
                f"{size:,} memories of 384 dimensions, by tier", ["tier", "bytes a memory", "recall p50", "p99"], tiers
            ),
            Table("Moves, a second", ["from", "to", "memories"], [[*pair, rate] for pair, rate in rates.items()]),
            Table(
                "Recall over HTTP",
                ["while", "p50", "p99"],
                [["nothing moves", quiet.p50, quiet.p99], ["its space is rebalanced", during.p50, during.p99]],
            ),
        ],
        [
            Wanted.at_least("hot to warm, without an ANN index", 2_000, rates[Tier.HOT, Tier.WARM], "/s"),
            Wanted.at_most(
                "cold's bytes, times hot's with its index", 0.5, costs[Tier.COLD] / (costs[Tier.HOT] + index)
            ),
            Wanted.at_most("recall p99 during a rebalance, times quiet", 1.5, during.p99 / quiet.p99),
            Wanted.at_most("noting a recall, share of recall's p50 over HTTP", 0.02, reinforcement / quiet.p50),
        ],
    )


@contextmanager
def _superuser(installation: Installation) -> Iterator[psycopg.Connection]:
    with psycopg.connect(installation.admin_url, dbname=DATABASE, autocommit=True) as admin:
        yield admin


def _fill(scope: SpaceScope, corpus: Corpus, size: int) -> tuple[list[UUID], list[Vector]]:
    ids: list[UUID] = []
    vectors: list[Vector] = []
    for start in tqdm(range(0, size, BATCH), desc="Filling", leave=False):
        texts = corpus.texts(BATCH)
        some = corpus.vectors(texts)
        memories = [
            NewMemory(text.content, session=f"{(start + number) // 25}", embedding=vector.tolist())
            for number, (text, vector) in enumerate(zip(texts, some, strict=True))
        ]
        ids += [stored.id for stored in remember_batch(scope, memories)]
        vectors += list(some)
    return ids, vectors


def _bytes(admin: psycopg.Connection) -> int:
    """What memories and vectors take with their indexes, after what autovacuum would come to has been done."""
    admin.execute("vacuum full memory_memory")
    admin.execute("vacuum full memory_embedding")
    ((size,),) = admin.execute(SIZES).fetchall()
    return int(size)


def _index_bytes(admin: psycopg.Connection, scope: SpaceScope) -> int:
    """What a dedicated HNSW index over the space's hot vectors takes; it is dropped again."""
    ((leaf,),) = admin.execute(LEAF, [scope.space_id]).fetchall()
    admin.execute(f"create index bench_ann on {leaf} using hnsw ((vector::halfvec(384)) halfvec_cosine_ops)")
    ((size,),) = admin.execute("select pg_relation_size('bench_ann')").fetchall()
    admin.execute("drop index bench_ann")
    return int(size)


def _latency(scope: SpaceScope, tier: Tier, cues: Sequence[Vector]) -> Latency:
    asked = [Cue(embedding=cue.tolist(), tiers=(tier,), depth=0) for cue in cues]
    return Latency.of([timed(lambda cue=cue: recall(scope, cue)) for cue in asked])  # type: ignore[misc]


def _move(scope: SpaceScope, ids: Sequence[UUID], source: Tier, target: Tier) -> float:
    """Memories a second, in transactions as the workers make them."""
    batch = configured().tiers.batch
    started = time.perf_counter()
    for start in range(0, len(ids), batch):
        with space_tx(scope):
            queries.move(scope, ids[start : start + batch], source, target)
    return len(ids) / (time.perf_counter() - started)


def _beside_a_rebalance(
    installation: Installation, tenant: Tenant, cues: Sequence[Vector], size: int
) -> tuple[Latency, Latency]:
    """Recall over HTTP while nothing moves, and while another process moves three quarters of the space."""
    client = tenant.client(installation)
    bodies = cycle([json.dumps({"embedding": cue.tolist(), "tiers": ["hot", "warm"]}).encode() for cue in cues])
    quiet = [_ask(client, next(bodies)) for _ in range(3 * len(cues))]
    set_limits(operator("benchmark"), SPACE, {"hot_capacity_per_space": size // 4})
    during: list[float] = []
    with subprocess.Popen(
        [sys.executable, "manage.py", "rebalance", SPACE, "--json"], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as moving:
        while moving.poll() is None:
            during.append(_ask(client, next(bodies)))
    return Latency.of(quiet), Latency.of(during)


def _ask(client: Client, body: bytes) -> float:
    return timed(lambda: client.post_raw(f"spaces/{SPACE}/recall/", body))


def _reinforcement(scope: SpaceScope, cues: Sequence[Vector]) -> float:
    """Milliseconds that noting a recall takes, the median."""
    hits = recall(scope, Cue(embedding=cues[0].tolist(), depth=0)).hits
    return median(timed(lambda: note(scope, hits)) for _ in range(500))
