"""A soak: remember, recall, forget, move and expire at random while workers are killed, and then count."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Findings, Table, Wanted
from benchmarks.spaces import make_tenant
from engram_site.runner.site import ROOT
from memory.records import NewMemory
from memory.services.expire import expire_memories
from memory.services.memories import forget
from memory.services.recall import Cue, recall
from memory.services.reinforcement import apply_recalls
from memory.services.remember import remember_batch
from memory.services.work import Busy
from tenants.callers import operator
from tenants.scope import SpaceScope, space_tx
from tenants.services.space_limits import set_limits

SPACE = "bench-soak"
BATCH = 50
# Seconds between two kills, on average, with a worker's start between them.
BETWEEN_KILLS = 6.0
# The share of memories that expire, and after how many seconds at most.
MORTAL, LONGEST_LIFE = 0.1, 30.0
TASKS = [
    "memory.tasks.rebalance_space",
    "memory.tasks.apply_recalls",
    "memory.tasks.tidy_space",
    "memory.tasks.refresh_lexicon",
    "memory.tasks.link_entities",
]
CHECK = """
with held as (
    select m.id, m.tier, m.content_hash, m.recall_count,
           array(select e.tier from memory_embedding e where e.space_id = m.space_id and e.memory_id = m.id) as vectors
    from memory_memory m where m.space_id = %(space_id)s
)
select
    (select count(*) from held where vectors <> array[tier]),
    (select count(*) - count(distinct content_hash) from held),
    (select count(*) from memory_embedding where space_id = %(space_id)s) - (select count(*) from held),
    (select count(*)
     from (select tier, sum(memories) from memory_tally where space_id = %(space_id)s group by tier having sum(memories) <> 0)
          tallied (tier, memories)
     full join (select tier, count(*) from held group by tier) counted (tier, memories) using (tier)
     where tallied.memories is distinct from counted.memories)
"""


@dataclass
class Soak:
    """What was done, and which memories there should be once the others have expired; ``recalled`` counts what a recall noted of
    memories still there."""

    scope: SpaceScope
    corpus: Corpus
    draw: random.Random
    alive: list[UUID] = field(default_factory=list)
    recalled: Counter[UUID] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    def remember(self) -> None:
        texts = self.corpus.texts(BATCH)
        vectors = self.corpus.vectors(texts)
        memories = [
            NewMemory(text.content, session="soak", embedding=vector.tolist(), expires_at=self.end())
            for text, vector in zip(texts, vectors, strict=True)
        ]
        stored = remember_batch(self.scope, memories)
        staying = [kept.id for kept, memory in zip(stored, memories, strict=True) if memory.expires_at is None]
        self.alive += staying
        self.done["expire"] += len(stored) - len(staying)

    def end(self) -> datetime | None:
        """When a memory expires, if it does."""
        if self.draw.random() > MORTAL:
            return None
        return timezone.now() + timedelta(seconds=self.draw.uniform(1, LONGEST_LIFE))

    def recall(self) -> None:
        vector = self.corpus.vectors(self.corpus.texts(1))[0]
        tiers = self.draw.choice([None, ("hot", "warm"), ("cold",)])
        hits = recall(self.scope, Cue(embedding=vector.tolist(), tiers=tiers)).hits
        self.recalled.update(hit.memory.id for hit in hits[:10])

    def forget(self) -> None:
        if self.alive:
            gone = self.alive.pop(self.draw.randrange(len(self.alive)))
            forget(self.scope, gone)
            self.recalled.pop(gone, None)

    def send(self) -> None:
        current_app.send_task(self.draw.choice(TASKS), (str(self.scope.space_id),))

    def step(self) -> None:
        acts: dict[str, Callable[[], None]] = {
            "remember": self.remember, "recall": self.recall, "forget": self.forget, "send a task": self.send,
        }  # fmt: skip
        name = self.draw.choices(list(acts), [2, 6, 3, 3])[0]
        acts[name]()
        self.done[name] += 1


def measure(installation: Installation, *, minutes: float) -> Findings:
    tenant = make_tenant("bench-soak", [SPACE])
    set_limits(operator("benchmark"), SPACE, {"hot_capacity_per_space": 300, "warm_capacity_per_space": 600})
    soak = Soak(tenant.open(SPACE), Corpus(seed=5), random.Random(5))
    kills, until = 0, time.monotonic() + minutes * 60
    worker, kill_at = _start(), time.monotonic() + BETWEEN_KILLS
    with tqdm(desc="Soaking", unit="acts", leave=False) as bar:
        while time.monotonic() < until:
            soak.step()
            bar.update()
            if time.monotonic() > kill_at:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
                kills += 1
                worker, kill_at = _start(), time.monotonic() + soak.draw.uniform(0.5, 1.5) * BETWEEN_KILLS
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    _do_the_rest(soak.scope)
    return _findings(soak, kills)


def _start() -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "celery", "--app", "engram_site", "worker", "--concurrency", "2"]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _do_the_rest(scope: SpaceScope) -> None:
    """What the planners would have done in time."""
    time.sleep(LONGEST_LIFE)
    while _in_turn(lambda: apply_recalls(scope)):
        pass
    while not _in_turn(lambda: expire_memories(scope)):
        pass


def _in_turn(act: Callable[[], int]) -> int:
    """A killed worker's turn ends when the database notices."""
    while True:
        try:
            return act()
        except Busy:
            time.sleep(0.2)


def _findings(soak: Soak, kills: int) -> Findings:
    with space_tx(soak.scope), connection.cursor() as cursor:
        parameters = {"space_id": soak.scope.space_id}
        cursor.execute(CHECK, parameters)
        misplaced, doubled, orphans, miscounted = cursor.fetchone()
        cursor.execute("select id, recall_count, tier from memory_memory where space_id = %(space_id)s", parameters)
        held = {memory_id: (recalls, tier) for memory_id, recalls, tier in cursor.fetchall()}
    wrong = sum(held[memory][0] != soak.recalled[memory] for memory in held)
    lost = len(set(soak.alive) ^ held.keys())
    tiers = Counter(tier for _, tier in held.values())
    return Findings(
        [
            Table("Done", ["act", "times"], [*soak.done.items(), ("kill all of the worker", kills)]),
            Table("Held at the end", ["tier", "memories"], sorted(tiers.items())),
        ],
        [
            Wanted.at_most("memories lost, or there though forgotten or expired", 0, lost),
            Wanted.at_most("memories twice", 0, doubled),
            Wanted.at_most("memories without their vector in their tier, and the reverse", 0, misplaced + abs(orphans)),
            Wanted.at_most("tiers whose tally is not their count", 0, miscounted),
            Wanted.at_most("memories whose recalls are not the number of times they were recalled", 0, wrong),
        ],
    )
