"""Tenants, keys and spaces to measure in, made by the services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tqdm import tqdm

from benchmarks.bulk import Loader
from benchmarks.clients import Client
from benchmarks.corpus import Corpus, Text
from benchmarks.installation import Installation
from memory.embedders import get_embedder
from memory.services.lexicon import refresh_lexicon
from tenants.callers import Actor, Caller, Origin, operator
from tenants.models import Permission
from tenants.scope import SpaceScope
from tenants.services.access import open_space
from tenants.services.keys import create_key, verify_key
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import create_tenant

BATCH = 1_000
READ_WRITE = frozenset({Permission.READ.value, Permission.WRITE.value})


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with a key for all of its spaces, and the caller that a request with that key's token is."""

    api_key: str
    caller: Caller

    def open(self, space: str) -> SpaceScope:
        return open_space(self.caller, space, Permission.WRITE)

    def client(self, installation: Installation) -> Client:
        token = installation.site.access_token(self.api_key)
        assert token is not None
        return Client(installation.site, token)


@dataclass(frozen=True, slots=True)
class FilledSpace:
    """A space, its memories' ids in their order, how many associations they have, and questions that they answer.

    The questions are about memories whose vectors are the embedder's own; all the others' are random.
    """

    tenant: Tenant
    scope: SpaceScope
    ids: Sequence[UUID]
    associations: int
    questions: Sequence[str]

    @property
    def name(self) -> str:
        return self.scope.space


def make_tenant(slug: str, spaces: Sequence[str], permissions: frozenset[str] = READ_WRITE) -> Tenant:
    root = operator("benchmark")
    create_tenant(root, slug)
    for name in spaces:
        create_space(root, NewSpace(name), tenant_slug=slug)
    held: Mapping[str, frozenset[str]] = dict.fromkeys(spaces, permissions)
    api_key = create_key(root, slug, held, name="benchmark").api_key
    key = verify_key(api_key)
    return Tenant(api_key, Caller(key.tenant_id, Actor("key", str(key.id), key.name), held, Origin()))


def fill(tenant: Tenant, name: str, size: int, embedded: int, corpus: Corpus, loader: Loader, bar: tqdm) -> FilledSpace:
    """Fill a space with ``size`` memories, of which the first ``embedded`` really are embedded."""
    scope = tenant.open(name)
    ids: list[UUID] = []
    asked: list[Text] = []
    for start in range(0, size, BATCH):
        texts = corpus.texts(min(BATCH, size - start))
        vectors = corpus.vectors(texts)
        own = texts[: max(0, embedded - start)]
        vectors[: len(own)] = get_embedder().embed([text.content for text in own])
        ids += loader.load(scope.space_id, texts, list(vectors))
        asked += own
        bar.update(len(texts))
    associations = loader.associate(scope.space_id, ids)
    refresh_lexicon(SpaceScope.for_task(scope.space_id))
    return FilledSpace(tenant, scope, ids, associations, [text.question for text in asked])
