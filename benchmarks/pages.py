"""How long the dashboard's pages take an installation with many spaces, and what a tenant with all of them waits for."""

import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from django.contrib.auth import get_user_model
from django.test import Client as Visitor
from tqdm import tqdm

from audit.tasks import roll_up_usage
from benchmarks.bulk import Loader
from benchmarks.clients import IDLE_SECONDS, HttpError
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Cell, Findings, Table, Wanted
from benchmarks.spaces import Tenant, make_tenant
from benchmarks.timing import Latency, timed
from engram_site.runner.database import DATABASE
from engram_site.runner.site import Site
from memory.records import NewMemory
from memory.services.remember import remember_batch
from tenants.callers import operator
from tenants.models import Membership
from tenants.services.members import add_member

SPACES = 200
# Remembered by the service in each space, so that tallies are as they are; the others are loaded past it.
REMEMBERED = 25
LOADED, LOADED_QUICK = 4_975, 75
# The spaces that Explore asks, in which activation is to flow.
ASSOCIATED = 10
EVENTS, EVENTS_QUICK = 200_000, 20_000
ROUNDS, ROUNDS_QUICK = 60, 15
MOST_MS = 150
# From a cue to its hits.
MOST_MS_RECALLING = 300

# A busy tenant's last day, most of it in the last hours.
HAPPEN = """
insert into audit_auditevent
    (at, tenant_id, space_id, space, actor_kind, actor_name, action, outcome, reason, request_id, duration_ms)
select now() - interval '1 day' * power(n::float / %(events)s, 2), s.tenant_id, s.id, s.name, 'key', 'benchmark',
       (array['recall', 'remember', 'spread', 'list_memories'])[1 + n %% 4],
       case when n %% 50 = 0 then 'limited' else 'allowed' end,
       case when n %% 50 = 0 then '429 rate_limited' else '' end, 'benchmark', 1 + n %% 90
from generate_series(1, %(events)s) n
join (select row_number() over (order by name) - 1 as turn, id, name, tenant_id from tenants_space) s on s.turn = n %% %(spaces)s
"""


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    path: str
    recalls: bool = False


def measure(installation: Installation, *, quick: bool) -> Findings:
    names = [f"space_{number:03}" for number in range(SPACES)]
    tenant = make_tenant("many", names)
    memory = _fill(installation, tenant, names, LOADED_QUICK if quick else LOADED)
    _let_happen(installation, EVENTS_QUICK if quick else EVENTS)
    reader = Reader(installation.site, _session())
    pages = _pages(names[0], memory)
    for page in pages:
        reader.get(page.path)
    taken: dict[Page, list[float]] = {page: [] for page in pages}
    # In turns, so that all pages meet the same machine.
    for _ in tqdm(range(ROUNDS_QUICK if quick else ROUNDS), desc="Pages", unit="round"):
        for page in pages:
            taken[page].append(timed(lambda page=page: reader.get(page.path)))  # type: ignore[misc]
    return _findings(taken, (LOADED_QUICK if quick else LOADED) + REMEMBERED)


class Reader:
    """Somebody's browser, without what it draws: a keep-alive connection with a session."""

    def __init__(self, site: Site, session: str) -> None:
        self._connection = http.client.HTTPConnection(site.address, site.port, timeout=120)
        self._headers = {"Cookie": f"sessionid={session}"}
        self._last = time.monotonic()

    def get(self, path: str) -> bytes:
        if time.monotonic() - self._last > IDLE_SECONDS:
            self._connection.close()
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        self._last = time.monotonic()
        if response.status != 200:
            raise HttpError(f"{path} answered {response.status}: {answer[:500].decode(errors='replace')}")
        return answer


def _pages(space: str, memory: UUID) -> list[Page]:
    return [
        Page("Overview", "/"),
        Page("Overview, refreshed", "/overview/"),
        Page("Overview of 90 days", "/?step=day"),
        Page("Explore", "/explore/"),
        Page(
            "Explore, a cue in one space", f"/explore/found/?q=what+happened+to+the+report&space={space}", recalls=True
        ),
        Page("Explore, a cue in ten spaces", "/explore/found/?q=what+happened+to+the+report", recalls=True),
        Page("Explore, the graph", f"/explore/graph/?space={space}&sources={memory}&depth=3&threshold=0.01"),
        Page("Memories", f"/memories/?space={space}"),
        Page("One memory", f"/memories/{space}/{memory}/"),
        Page("Usage of a space", f"/spaces/{space}/usage/"),
        Page("Import and export", f"/spaces/{space}/transfer/"),
        Page("Spaces", "/spaces/"),
        Page("One space", f"/spaces/{space}/"),
        Page("People", "/people/"),
        Page("API keys", "/keys/"),
        Page("Audit", "/audit/"),
        Page("Audit of one space's refusals", f"/audit/?space={space}&outcome=limited"),
    ]


def _fill(installation: Installation, tenant: Tenant, names: Sequence[str], loaded: int) -> UUID:
    """Fill every space, and return a memory of the first."""
    corpus = Corpus(seed=1)
    firsts: list[UUID] = []
    with (
        Loader(installation.admin_url) as loader,
        tqdm(total=len(names) * (loaded + REMEMBERED), desc="Filling", unit="memory", unit_scale=True) as bar,
    ):
        for number, name in enumerate(names):
            scope = tenant.open(name)
            texts = corpus.texts(REMEMBERED)
            given = [
                NewMemory(text.content, session="one", embedding=[float(number) for number in vector])
                for text, vector in zip(texts, corpus.vectors(texts), strict=True)
            ]
            firsts.append(remember_batch(scope, given)[0].id)
            more = corpus.texts(loaded)
            ids = loader.load(scope.space_id, more, list(corpus.vectors(more)))
            if number < ASSOCIATED:
                loader.associate(scope.space_id, ids)
            bar.update(loaded + REMEMBERED)
        loader.settle()
    return firsts[0]


def _let_happen(installation: Installation, events: int) -> None:
    with psycopg.connect(installation.admin_url, dbname=DATABASE, autocommit=True) as admin:
        admin.execute(HAPPEN, {"events": events, "spaces": SPACES})
        admin.execute("vacuum analyze")
    roll_up_usage()


def _session() -> str:
    """The session of an admin of the tenant."""
    add_member(operator("benchmark"), "reader", Membership.Role.ADMIN, password="a-long-password", tenant_slug="many")
    visitor = Visitor()
    visitor.force_login(get_user_model().objects.get(username="reader"))
    return visitor.cookies["sessionid"].value


def _findings(taken: dict[Page, list[float]], memories: int) -> Findings:
    latencies = {page: Latency.of(milliseconds) for page, milliseconds in taken.items()}
    rows: list[list[Cell]] = [[page.name, found.p50, found.p95, found.p99] for page, found in latencies.items()]
    title = f"Pages of a tenant with {SPACES} spaces of {memories:,} memories, ms"
    return Findings(
        [Table(title, ["page", "p50", "p95", "p99"], rows)],
        [
            Wanted.at_most(f"p95 of the slowest {which}", most, max(latencies[page].p95 for page in pages), " ms")
            for which, most, pages in (
                ("page", MOST_MS, [page for page in taken if not page.recalls]),
                ("page that recalls", MOST_MS_RECALLING, [page for page in taken if page.recalls]),
            )
        ],
    )
