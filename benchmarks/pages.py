"""How long the dashboard's pages take an installation with many spaces, and what a tenant with all of them waits for."""

import http.client
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO
from urllib.parse import urlencode
from uuid import UUID

import psycopg
from django.contrib.auth import get_user_model
from django.core.management import call_command
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
from memory.demo.content import CUES
from memory.management.commands.seed_demo import MEMBER
from memory.records import NewMemory
from memory.services.lexicon import refresh_lexicon
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
# From a cue to its hits, on the demo.
MOST_MS_DEMO = 300
TENANT = "many"
# Tenants of the demo, whose member asks all spaces of one at once: a shared library beside their own research; three small ones.
SHARED, ORGANISATION = "globex", "initech"

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
    """What one reader asks for, by one of ``paths`` after the other, and how many milliseconds it may take, if that is set."""

    name: str
    paths: Sequence[str]
    wanted: float | None = MOST_MS
    tenant: str = TENANT

    def path(self, round_number: int) -> str:
        return self.paths[round_number % len(self.paths)]


def measure(installation: Installation, *, quick: bool) -> Findings:
    names = [f"space_{number:03}" for number in range(SPACES)]
    tenant = make_tenant(TENANT, names)
    memory = _fill(installation, tenant, names, LOADED_QUICK if quick else LOADED)
    _let_happen(installation, EVENTS_QUICK if quick else EVENTS)
    add_member(operator("benchmark"), "reader", Membership.Role.ADMIN, password="a-long-password", tenant_slug=TENANT)
    call_command("seed_demo", credentials=installation.site.data / "demo.json", stdout=StringIO())
    members = {TENANT: "reader", SHARED: MEMBER, ORGANISATION: MEMBER}
    readers = {slug: Reader(installation.site, _session(member, slug)) for slug, member in members.items()}
    pages = _pages(names[0], memory)
    taken: dict[str, list[float]] = {page.name: [] for page in pages}
    # In turns, so that all pages meet the same machine; the first of them only makes everything ready.
    for number in tqdm(range(-1, ROUNDS_QUICK if quick else ROUNDS), desc="Pages", unit="round"):
        for page in pages:
            milliseconds = timed(partial(readers[page.tenant].get, page.path(number)))
            if number >= 0:
                taken[page.name].append(milliseconds)
    return _findings(pages, taken, (LOADED_QUICK if quick else LOADED) + REMEMBERED)


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
    cue = "what happened to the report"
    return [
        Page("Overview", ["/"]),
        Page("Overview, refreshed", ["/overview/"]),
        Page("Overview of 90 days", ["/?step=day"]),
        Page("Explore", ["/explore/"]),
        Page("Explore, a cue in one space", [_found(cue, space)]),
        Page("Explore, a cue in ten spaces", [_found(cue)], wanted=None),
        Page("Explore, cues in the demo's library and research", _cues("common", SHARED), MOST_MS_DEMO, SHARED),
        Page("Explore, cues in the demo's organisation", _cues(ORGANISATION), MOST_MS_DEMO, ORGANISATION),
        Page("Explore, the graph", [f"/explore/graph/?space={space}&sources={memory}&depth=3&threshold=0.01"]),
        Page("Memories", [f"/memories/?space={space}"]),
        Page("One memory", [f"/memories/{space}/{memory}/"]),
        Page("Usage of a space", [f"/spaces/{space}/usage/"]),
        Page("Import and export", [f"/spaces/{space}/transfer/"]),
        Page("Spaces", ["/spaces/"]),
        Page("One space", [f"/spaces/{space}/"]),
        Page("People", ["/people/"]),
        Page("API keys", ["/keys/"]),
        Page("Audit", ["/audit/"]),
        Page("Audit of one space's refusals", [f"/audit/?space={space}&outcome=limited"]),
    ]


def _cues(*prefixes: str) -> list[str]:
    """What the demo's cues for the spaces of such names find in all of a tenant's."""
    return [_found(cue) for space, cues in CUES.items() if space.startswith(prefixes) for cue in cues]


def _found(cue: str, *spaces: str) -> str:
    """The address of what a cue finds in some spaces, or in all that Explore asks."""
    return f"/explore/found/?{urlencode({'q': cue, 'space': spaces}, doseq=True)}"


def _fill(installation: Installation, tenant: Tenant, names: Sequence[str], loaded: int) -> UUID:
    """Fill every space, and return a memory of the first, which has associations."""
    corpus = Corpus(seed=1)
    associated: list[UUID] = []
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
            remember_batch(scope, given)
            more = corpus.texts(loaded)
            ids = loader.load(scope.space_id, more, list(corpus.vectors(more)))
            if number < ASSOCIATED:
                loader.associate(scope.space_id, ids)
                associated += ids[:1]
                # As a worker would have by then.
                refresh_lexicon(scope)
            bar.update(loaded + REMEMBERED)
        loader.settle()
    return associated[0]


def _let_happen(installation: Installation, events: int) -> None:
    with psycopg.connect(installation.admin_url, dbname=DATABASE, autocommit=True) as admin:
        admin.execute(HAPPEN, {"events": events, "spaces": SPACES})
        admin.execute("vacuum analyze")
    roll_up_usage()


def _session(username: str, tenant: str) -> str:
    """The session of a member who looks at a tenant of theirs."""
    visitor = Visitor()
    visitor.force_login(get_user_model().objects.get(username=username))
    session = visitor.session
    session["tenant"] = str(Membership.objects.get(user__username=username, tenant__slug=tenant).tenant_id)
    session.save()
    return visitor.cookies["sessionid"].value


def _findings(pages: Sequence[Page], taken: dict[str, list[float]], memories: int) -> Findings:
    latencies = {name: Latency.of(milliseconds) for name, milliseconds in taken.items()}
    rows: list[list[Cell]] = [[name, found.p50, found.p95, found.p99] for name, found in latencies.items()]
    title = f"Pages of a tenant with {SPACES} spaces of {memories:,} memories, ms"
    return Findings(
        [Table(title, ["page", "p50", "p95", "p99"], rows)],
        [
            Wanted.at_most(
                f"p95 of {which}", most, max(latencies[page.name].p95 for page in pages if page.wanted == most), " ms"
            )
            for which, most in (
                ("the slowest page but the cue in ten spaces", MOST_MS),
                ("a cue on the demo", MOST_MS_DEMO),
            )
        ],
    )
