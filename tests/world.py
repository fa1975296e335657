"""The cast. Alice administers acme, Bob is its member, and Charlie, of globex, has no access.

acme owns ``acme_s1``, ``acme_s10`` (names that differ only past a prefix) and ``acme_shared``, which globex may read;
globex owns ``globex_s1``.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework.test import APIClient

from memory.embedders.local import LocalEmbedder
from memory.records import NewMemory
from memory.services.remember import remember
from tenants.callers import Actor, Caller, Origin, operator
from tenants.models import Membership, Tenant
from tenants.services.access import open_space
from tenants.services.exchange import exchange_key, exchange_login
from tenants.services.keys import create_key
from tenants.services.members import add_member
from tenants.services.sharing import share_space
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import create_tenant

PASSWORD = "a-password-for-tests"
READ = frozenset({"read"})
READ_WRITE = frozenset({"read", "write"})
ALL = frozenset({"read", "write", "manage"})

SPACES = {"acme_s1": "acme", "acme_s10": "acme", "acme_shared": "acme", "globex_s1": "globex"}


@dataclass(frozen=True, slots=True)
class World:
    """``memories`` holds one memory's id in each space; keys are named for what they may do."""

    keys: dict[str, str]
    memories: dict[str, str]

    def token(self, key: str, spaces: dict[str, frozenset[str]] | None = None) -> str:
        return exchange_key(Origin(), self.keys[key], spaces).access

    def client(self, key: str, spaces: dict[str, frozenset[str]] | None = None) -> APIClient:
        """A client with a token of the key, narrowed to ``spaces`` if given."""
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.token(key, spaces)}")
        return client


def build_world() -> World:
    root = operator("tests")
    for slug in ("acme", "globex"):
        create_tenant(root, slug)
    for name, tenant in SPACES.items():
        create_space(root, NewSpace(name), tenant_slug=tenant)
    share_space(root, "acme_shared", "globex")
    people = {"alice": ("acme", "admin"), "bob": ("acme", "member"), "charlie": ("globex", "admin")}
    for name, (tenant, role) in people.items():
        user = get_user_model().objects.create_user(name, password=PASSWORD)
        Membership.objects.create(tenant=Tenant.objects.get(slug=tenant), user=user, role=role)
    holdings: dict[str, tuple[str, dict[str, frozenset[str]]]] = {
        "acme": ("acme", {"acme_s1": ALL, "acme_s10": ALL, "acme_shared": ALL}),
        "acme_s1": ("acme", {"acme_s1": READ_WRITE}),
        "acme_s1_read": ("acme", {"acme_s1": READ}),
        "globex": ("globex", {"globex_s1": ALL, "acme_shared": READ}),
    }
    keys = {name: create_key(root, tenant, spaces, name=name).api_key for name, (tenant, spaces) in holdings.items()}
    memories = {name: str(_first_memory(name)) for name in SPACES}
    return World(keys, memories)


def _first_memory(space: str) -> Any:
    content = f"The first memory of {space}."
    return remember_in(space, content, session="one", embedding=_embedded(content))


@cache
def _embedded(content: str) -> list[float]:
    """The vector that it would be given; thousands of tests begin with the same few memories."""
    vector: list[float] = LocalEmbedder().embed([content])[0].tolist()
    return vector


def make_member(username: str, *, tenant: str = "acme", role: str = "member", team: str | None = None) -> None:
    """Another person, with ``PASSWORD``."""
    add_member(operator("tests"), username, role, password=PASSWORD, team=team, tenant_slug=tenant)


def logged_in(username: str) -> APIClient:
    """A client with a person's session."""
    client = APIClient()
    client.force_login(get_user_model().objects.get(username=username))
    return client


def with_login_token(username: str, spaces: dict[str, frozenset[str]] | None = None) -> APIClient:
    """A client with a token that a person exchanged their login for."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {login_token(username, spaces)}")
    return client


def login_token(username: str, spaces: dict[str, frozenset[str]] | None = None) -> str:
    return exchange_login(Origin(), username, PASSWORD, None, spaces).access


def scope_of(space: str) -> Any:
    """The scope of the owner's admin in a space, through the one door."""
    tenant = Tenant.objects.get(slug=SPACES.get(space, "acme"))
    admin = Membership.objects.filter(tenant=tenant, role="admin").select_related("user").get()
    actor = Actor("member", str(admin.user.pk), admin.user.get_username())
    return open_space(Caller(tenant.id, actor, None, Origin()), space, "read")


def remember_in(space: str, content: str, **fields: Any) -> Any:
    memory, _ = remember(scope_of(space), NewMemory(content=content, **fields))
    return memory.id
