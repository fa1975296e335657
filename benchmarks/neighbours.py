"""Noisy neighbours: a victim's latency alone and beside a flood of another tenant, and what the flood got."""

import json
import time
from collections.abc import Sequence
from itertools import cycle

import numpy as np
from tqdm import tqdm

from benchmarks.bulk import Loader
from benchmarks.corpus import Corpus
from benchmarks.flood import Answers, Call, Caller, flood
from benchmarks.installation import Installation
from benchmarks.report import Findings, Table, Wanted
from benchmarks.spaces import fill, make_tenant
from benchmarks.timing import Latency
from engram_site.runner.site import Site
from tenants.models import Space

VICTIM, FLOOD = "bench-victim", "bench-flood"
MEMORIES = 2_000
# Of the dearest requests, two cores can serve this many and have most of their time left: each takes about 0.1 s.
FLOOD_LIMIT = 5
FLOOD_TIMES = 50
FLOOD_CONNECTIONS = 12
VICTIM_RATE = 10
ROUNDS = 3


def measure(installation: Installation, *, quick: bool) -> Findings:
    seconds = 5 if quick else 20
    corpus = Corpus(seed=2)
    with Loader(installation.admin_url) as loader, tqdm(total=2 * MEMORIES, unit="memories", desc="spaces") as bar:
        victim = fill(make_tenant("victim", [VICTIM]), VICTIM, MEMORIES, 60, corpus, loader, bar)
        flooding = fill(make_tenant("flood", [FLOOD]), FLOOD, MEMORIES, 60, corpus, loader, bar)
        loader.settle()
    Space.objects.filter(name=FLOOD).update(limits={"rate_limit_per_space": FLOOD_LIMIT, "max_concurrent_per_space": 2})
    victim_token = installation.site.access_token(victim.tenant.api_key)
    flood_token = installation.site.access_token(flooding.tenant.api_key)
    assert victim_token is not None
    assert flood_token is not None
    asked = [
        Call(f"spaces/{VICTIM}/recall/", json.dumps({"query": question}).encode()) for question in victim.questions
    ]
    dear = _dearest(flooding.questions, [str(memory_id) for memory_id in flooding.ids], corpus)
    alone, beside, flooded = Answers(), Answers(), Answers()
    _victim(installation.site, victim_token, asked, Answers(), 3)
    # Alone and beside in turns, so that both meet the same machine.
    for _ in tqdm(range(ROUNDS), unit="rounds", desc="alone, beside"):
        _victim(installation.site, victim_token, asked, alone, seconds)
        callers = [_caller(installation.site, flood_token) for _ in range(FLOOD_CONNECTIONS)]
        with flood(callers, dear, FLOOD_TIMES * FLOOD_LIMIT, flooded):
            time.sleep(1)
            _victim(installation.site, victim_token, asked, beside, seconds)
    return _findings(alone, beside, flooded, ROUNDS * (seconds + 1))


def _dearest(questions: Sequence[str], ids: Sequence[str], corpus: Corpus) -> list[Call]:
    """Deep spreads, batches of texts to embed, and large deep recalls."""
    calls: list[Call] = []
    for turn, question in enumerate(questions):
        texts = [{"content": text.content} for text in corpus.texts(50)]
        sources = ids[turn * 20 : turn * 20 + 20]
        calls += [
            Call(f"spaces/{FLOOD}/recall/", json.dumps({"query": question, "limit": 100, "depth": 5}).encode()),
            Call(f"spaces/{FLOOD}/spread/", json.dumps({"from": sources, "depth": 5, "threshold": 0}).encode()),
            Call(f"spaces/{FLOOD}/memories/batch/", json.dumps({"memories": texts}).encode(), cost=5),
        ]
    return calls


def _victim(site: Site, token: str, calls: Sequence[Call], answers: Answers, seconds: float) -> None:
    """Call at a steady rate; an answer that is late counts from when it was due, as a person would feel it."""
    caller, turn = _caller(site, token), cycle(calls)
    due = started = time.perf_counter()
    while due < started + seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        late = (time.perf_counter() - due) * 1000
        status, taken = caller.call(next(turn))
        answers.add(status, taken + late)
        due += 1 / VICTIM_RATE


def _caller(site: Site, token: str) -> Caller:
    return Caller(site.address, site.port, token)


def _findings(alone: Answers, beside: Answers, flooded: Answers, seconds: float) -> Findings:
    quiet, loud = Latency.of(alone.by_status[200]), Latency.of(beside.by_status[200])
    errors = sum(count for status, count in (alone.counts() + beside.counts()).items() if status != 200)
    refused = flooded.by_status.get(429, [0.0])
    got = flooded.cost / seconds
    latencies = Table(
        f"A victim's recall at {VICTIM_RATE} a second, ms",
        ["beside it", "answers", "p50", "p95", "p99"],
        [
            ["nobody", len(alone.by_status[200]), quiet.p50, quiet.p95, quiet.p99],
            [f"a flood at {FLOOD_TIMES} × its limit", len(beside.by_status[200]), loud.p50, loud.p95, loud.p99],
        ],
    )
    statuses = Table(
        f"The flood: {FLOOD_CONNECTIONS} connections, a limit of {FLOOD_LIMIT} operations a second, {seconds:.0f} s",
        ["status", "answers", "p50 ms"],
        [[status, len(taken), float(np.median(taken))] for status, taken in sorted(flooded.by_status.items())],
    )
    return Findings(
        [latencies, statuses],
        [
            Wanted.at_most("victim's p99 beside the flood, times alone", 1.5, loud.p99 / quiet.p99),
            Wanted.at_most("victim's errors", 0, errors),
            Wanted.at_most("operations a second that the flood got", FLOOD_LIMIT * 1.05, got),
            Wanted.at_most("a refusal's p50", 5, float(np.median(refused)), " ms"),
        ],
    )
