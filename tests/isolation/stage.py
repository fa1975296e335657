"""The stage of the isolation matrix: the cast of ``tests.world``, more spaces in every state, and everybody's credentials."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import jwt
import psycopg
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from memory.records import Link, NewMemory
from memory.services.remember import remember
from tenants import tokens
from tenants.callers import INSTALLATION, Actor, Origin, operator
from tenants.models import ApiKey, ApiKeySpace, Erasure, Grant, Membership, SigningKey, Space, Team, TeamMember, Tenant
from tenants.scope import SpaceScope
from tenants.services.exchange import TokenPair, exchange_key, exchange_login
from tenants.services.keys import create_key
from tenants.services.sharing import share_space, withdraw_space
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import create_tenant, suspend_tenant
from tests.conftest import EMPTIED
from tests.isolation.matrix import ALLOWED, NOBODY, Call, Caller, Subject
from tests.tenants.backends import with_ed25519, with_secret
from tests.world import ALL, PASSWORD, READ, READ_WRITE, SPACES, World, build_world, make_member

SET_UP = operator("tests")
EXTRA_SPACES = {
    "acme_desk": "acme",
    "acme_lent": "acme",
    "acme_archived": "acme",
    "acme_erasing": "acme",
    "hooli_s1": "hooli",
    "hooli_shared": "hooli",
}
# Whose each is, and what it stands below.
TEAM_SPACES = {
    "acme_board": ("board", None),
    "acme_reds": ("reds", "acme_board"),
    "acme_blues": ("blues", "acme_board"),
}
WATCHED = [table for table in EMPTIED if table not in {"audit_auditevent", "django_session"}]


class AuditRow(NamedTuple):
    tenant_id: UUID
    space: str
    action: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stage:
    """``headers`` holds what each caller sends, ``memories`` two associated memories of each space."""

    headers: dict[str, dict[str, str]]
    memories: dict[str, tuple[str, str]]
    tenants: dict[str, UUID]
    spaces: dict[str, UUID]
    api_key: str
    admin: psycopg.Connection
    # One for all: a client loads the middleware anew, which takes longer than the request.
    client: APIClient = field(default_factory=APIClient)

    def subject(self, caller: Caller, call: Call) -> Subject:
        """What the caller calls about: memories that it may harm are made for it alone, others stand for all."""
        harms = call.need in {"write", "manage"} and caller.verdict(call) == ALLOWED
        memory, target = make_memories(caller.space) if harms else self.memories[caller.space]
        refresh = exchange_key(Origin(), self.api_key, None).refresh if call.need == "nothing" else ""
        import_id = self.make_import(caller.space, "done" if call.action == "start_import" else "receiving")
        owned = make_property(caller.space)
        if harms and call.action == "erase_space":
            # What other calls made below it would keep it.
            self.admin.execute(
                "update tenants_space set parent_id = null where parent_id = %s", [self.spaces[caller.space]]
            )
        return Subject(caller.space, memory, target, self.api_key, refresh, import_id=import_id, **owned)

    def make_import(self, space: str, status: str) -> str:
        """An import into the space, which has no other that is unfinished."""
        (made,) = (
            self.admin.execute(
                """
            with ended as (
                update memory_import set status = 'cancelled'
                where space_id = %(space)s and status in ('receiving', 'queued', 'running')
            )
            insert into memory_import (space_id, status, started_by) values (%(space)s, 'done', 'made') returning id
            """,
                {"space": self.spaces[space]},
            ).fetchone()
            or ()
        )
        self.admin.execute("update memory_import set status = %s where id = %s", [status, made])
        return str(made)

    def send(
        self, caller: str, call: Call, subject: Subject, others: Mapping[str, str] | None = None
    ) -> tuple[Any, str]:
        """The response, and the request's id."""
        request_id = str(uuid4())
        body = call.body(subject)
        text = "" if body is None else json.dumps(body)
        headers = {**self.headers[caller], **(others or {}), "X-Request-ID": request_id}
        return self.fetch(
            call.method, subject.url(call.route) + call.query, headers, text, call.content_type
        ), request_id

    def fetch(
        self, method: str, url: str, headers: dict[str, str], body: str = "", content_type: str = "application/json"
    ) -> Any:
        self.client.cookies.clear()
        response = self.client.generic(method, url, body, content_type=content_type, headers=headers)
        return _read(response) if response.streaming else response

    def trail(self, request_id: str) -> list[AuditRow]:
        """What the request left in the audit trail, whosever it is."""
        rows = self.admin.execute(
            "select tenant_id, space, action, outcome, reason from audit_auditevent where request_id = %s", [request_id]
        )
        return [AuditRow(*row) for row in rows]

    def spare(self, space: str) -> None:
        """Take back that a space is to be erased, before a worker comes: others call about it too."""
        status = {"acme_archived": Space.Status.ARCHIVED}.get(space, Space.Status.ACTIVE)
        if Erasure.objects.filter(space=space).delete()[0]:
            Space.objects.filter(name=space).update(status=status)

    def fingerprint(self) -> dict[str, Any]:
        """Each table's count of rows and its newest row's transaction: any row changed, made or gone changes it."""
        found = " union all ".join(
            f"select '{table}', count(*), max(xmin::text::bigint) from {table}" for table in WATCHED
        )
        return {table: (count, newest) for table, count, newest in self.admin.execute(found)}

    def revealed(self, text: str, to: Subject, *, own: str = "", but_ids: bool = False) -> set[str]:
        """Memories' ids and contents, of any space but ``own``, that the text holds and that the caller did not name itself;
        contents alone with ``but_ids``."""
        others = [space for space in self.memories if space != own]
        ids = {memory for space in others for memory in self.memories[space]} - {to.memory, to.target}
        ids = set() if but_ids else ids
        return {secret for secret in ids | {_content(space) for space in others} if secret in text}


def build_stage(admin: psycopg.Connection) -> Stage:
    world = build_world()
    create_tenant(SET_UP, "hooli")
    for name, tenant in EXTRA_SPACES.items():
        create_space(SET_UP, NewSpace(name), tenant_slug=tenant)
    for name, (team, parent) in TEAM_SPACES.items():
        Team.objects.create(tenant=Tenant.objects.get(slug="acme"), slug=team, name=team)
        create_space(SET_UP, NewSpace(name, parent=parent, team=team), tenant_slug="acme")
    make_member("gina", team="reds")
    share_space(SET_UP, "acme_desk", "globex", write=True)
    share_space(SET_UP, "acme_lent", "globex", write=True)
    share_space(SET_UP, "hooli_shared", "globex", write=True)
    headers = _tokens(world) | _tenant_signed() | _unknowns(world) | _sessions()
    memories = {name: make_memories(name, _content(name)) for name in [*SPACES, *EXTRA_SPACES, *TEAM_SPACES]}
    _take_away()
    return Stage(
        headers=headers,
        memories=memories,
        tenants={tenant.slug: tenant.id for tenant in Tenant.objects.all()} | {NOBODY: INSTALLATION},
        spaces={space.name: space.id for space in Space.objects.all()},
        api_key=world.keys["acme"],
        admin=admin,
    )


def admin_connection() -> psycopg.Connection:
    """A superuser's: it alone sees every tenant's rows."""
    # Starting parallel workers takes longer than counting a hundred small partitions.
    serial = "-c max_parallel_workers_per_gather=0"
    return psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"], autocommit=True, options=serial)


def make_memories(space: str, content: str = "") -> tuple[str, str]:
    """Two memories of the space, the first explicitly associated with the second."""
    scope = SpaceScope.for_operator(SET_UP, space)
    vector = [1.0] * scope.embedding_dimension
    target, _ = remember(scope, NewMemory(f"The target of an association, {uuid4()}.", embedding=vector))
    memory, _ = remember(
        scope,
        NewMemory(content or f"Made for one call, {uuid4()}.", embedding=vector, associations=[Link(target.id)]),
    )
    return str(memory.id), str(target.id)


def make_property(space_name: str) -> dict[str, str]:
    """A key, a signing key, a team and a member in it, and a grant of the space to them, made for one call."""
    space = Space.objects.get(name=space_name)
    name = f"made-{uuid4()}"
    user = get_user_model().objects.create_user(name)
    membership = Membership.objects.create(tenant=space.tenant, user=user)
    team = Team.objects.create(tenant=space.tenant, slug=name, name=name)
    TeamMember.objects.create(team=team, membership=membership)
    key = ApiKey.objects.create(tenant=space.tenant, name=name, prefix=uuid4().hex[:12], secret_sha256=bytes(32))
    ApiKeySpace.objects.create(key=key, space=space, permissions=sorted(READ))
    signing_key = SigningKey.objects.create(
        tenant=space.tenant, name=name, kid=uuid4().hex, algorithm="HS256", material=""
    )
    grant = Grant.objects.create(space=space, team=team, permissions=sorted(READ))
    return {
        "key": str(key.id),
        "signing_key": str(signing_key.id),
        "team": name,
        "username": name,
        "grant": str(grant.id),
    }


def _read(response: Any) -> HttpResponse:
    """A streamed answer, read to its end."""
    return HttpResponse(response.getvalue(), status=response.status_code, headers=dict(response.headers))


def _content(space: str) -> str:
    return f"What only {space.upper()} may know."


KEYS: dict[str, tuple[str, dict[str, frozenset[str]]]] = {
    "may not manage": ("acme", {"acme_s1": READ_WRITE}),
    "narrowed since": ("acme", {"acme_s1": READ_WRITE}),
    "longer name": ("acme", {"acme_s10": ALL}),
    "shorter name": ("acme", {"acme_s1": ALL}),
    "old": ("acme", {"acme_archived": ALL, "acme_erasing": ALL}),
    "revoked": ("acme", {"acme_s1": ALL}),
    "expired": ("acme", {"acme_s1": ALL}),
    "writer": ("globex", {"acme_desk": READ_WRITE}),
    "guest": ("globex", {"globex_s1": ALL, "acme_lent": READ_WRITE}),
    "guest of hooli": ("globex", {"hooli_shared": READ_WRITE}),
    "forged": ("globex", {"globex_s1": READ}),
    "hooli": ("hooli", {"hooli_s1": ALL}),
}


def _tokens(world: World) -> dict[str, dict[str, str]]:
    keys = {name: create_key(SET_UP, tenant, spaces, name=name).api_key for name, (tenant, spaces) in KEYS.items()}
    issued = {
        "the space's own key": world.token("acme"),
        "a key that may not manage": _token(keys["may not manage"]),
        "a key that may only read": world.token("acme_s1_read"),
        "a token narrowed to read": world.token("acme", {"acme_s1": READ}),
        "a key that was narrowed since": _token(keys["narrowed since"]),
        "an admin's token": _login("alice").access,
        "an admin's token narrowed to the space": _login("alice", {"acme_s1": ALL}).access,
        "a member's token": _login("bob").access,
        "the reader of a shared space": world.token("globex"),
        "the writer of a shared space": _token(keys["writer"]),
        "a key of a space with a longer name": _token(keys["longer name"]),
        "a key of a space with a shorter name": _token(keys["shorter name"]),
        "a token narrowed to another space": world.token("acme", {"acme_s10": ALL}),
        "another tenant's key": world.token("globex"),
        "another tenant's token that claims the space": _claiming("globex", "globex", {"acme_s1": ALL}),
        "another tenant's key that was forged to name the space": _forged(),
        "a tenant whose grant was withdrawn": _token(keys["guest"]),
        "a revoked key": _token(keys["revoked"]),
        "an expired key": _token(keys["expired"]),
        "a member who left": _member("dave").access,
        "a member who was deactivated": _member("erin").access,
        "a suspended tenant": _token(keys["hooli"]),
        "a guest of a suspended tenant": _token(keys["guest of hooli"]),
        "a member of the space's team": _login("gina").access,
        "a member of a team below the space": _login("gina").access,
        "a member of a team beside the space's": _login("gina").access,
        "the owner of an archived space": _token(keys["old"]),
        "the owner of a space being erased": _token(keys["old"]),
    }
    return {name: _bearer(token) for name, token in issued.items()}


def _tenant_signed() -> dict[str, dict[str, str]]:
    """Of tokens that acme's backend signs itself, with a key that stands and with one that will be revoked."""
    backend, revoked = with_secret(), with_ed25519()
    signed = {
        "a token that the tenant signed": backend.token(permissions=sorted(ALL)),
        "a token that the tenant signed to read": backend.token(permissions=sorted(READ)),
        "a token that the tenant signed for another space": backend.token(
            memory_space_id="acme_s10", permissions=sorted(ALL)
        ),
        "a token that the tenant signed for another tenant's space": backend.token(
            memory_space_id="globex_s1", permissions=sorted(ALL)
        ),
        "a token that the tenant signed with a revoked key": revoked.token(permissions=sorted(ALL)),
    }
    return {name: _bearer(token) for name, token in signed.items()}


def _unknowns(world: World) -> dict[str, dict[str, str]]:
    token = world.token("acme")
    claims = jwt.decode(token, options={"verify_signature": False})
    elsewhere = world.token("acme", {"acme_s10": ALL})
    broken = {
        "garbage": "garbage",
        "an API key in place of its token": world.keys["acme"],
        "a refresh token in place of an access token": exchange_key(Origin(), world.keys["acme"], None).refresh,
        "an expired token": _signed(claims, exp=datetime.now(UTC) - timedelta(seconds=1)),
        "a token without an end": _signed({name: value for name, value in claims.items() if name != "exp"}),
        "a token signed with another key": jwt.encode(claims, "another-key-of-more-than-32-bytes-length", "HS256"),
        "a token that nobody signed": jwt.encode(claims, "", "none"),
        "a token for another service": _signed(claims, aud="another-api"),
        "a token from another issuer": _signed(claims, iss="another-issuer"),
        "a token with its claims exchanged": _exchanged(elsewhere, {**claims, "spaces": {"acme_s1": sorted(ALL)}}),
    }
    return {
        "nobody": {},
        "an empty bearer": {"Authorization": "Bearer"},
        "a password": {"Authorization": "Basic " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode()},
        **{name: _bearer(value) for name, value in broken.items()},
    }


def _sessions() -> dict[str, dict[str, str]]:
    get_user_model().objects.create_user("frank")
    get_user_model().objects.create_superuser("root")
    people = {
        "an admin's session": "alice",
        "a member's session": "bob",
        "another tenant's admin": "charlie",
        "a session of a team beside the space's": "gina",
        "a person of no tenant": "frank",
        "an operator": "root",
    }
    return {name: _session(username) for name, username in people.items()}


def _take_away() -> None:
    """Whatever was withdrawn, was withdrawn after everybody had a token."""
    now = timezone.now()
    withdraw_space(SET_UP, "acme_lent", "globex")
    suspend_tenant(SET_UP, "hooli")
    Space.objects.filter(name="acme_archived").update(status=Space.Status.ARCHIVED)
    Space.objects.filter(name="acme_erasing").update(status=Space.Status.ERASING)
    ApiKey.objects.filter(name="revoked").update(revoked_at=now)
    SigningKey.objects.filter(algorithm=SigningKey.Algorithm.EDDSA).update(revoked_at=now)
    ApiKey.objects.filter(name="expired").update(expires_at=now)
    ApiKeySpace.objects.filter(key__name="narrowed since").update(permissions=sorted(READ))
    Membership.objects.filter(user__username="dave").delete()
    get_user_model().objects.filter(username="erin").update(is_active=False)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _token(api_key: str) -> str:
    return exchange_key(Origin(), api_key, None).access


def _login(username: str, spaces: dict[str, frozenset[str]] | None = None) -> TokenPair:
    return exchange_login(Origin(), username, PASSWORD, None, spaces)


def _member(username: str) -> TokenPair:
    user = get_user_model().objects.create_user(username, password=PASSWORD)
    Membership.objects.create(tenant=Tenant.objects.get(slug="acme"), user=user, role=Membership.Role.ADMIN)
    return _login(username)


def _session(username: str) -> dict[str, str]:
    client = Client()
    client.force_login(get_user_model().objects.get(username=username))
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def _claiming(tenant: str, key: str, spaces: dict[str, frozenset[str]]) -> str:
    """A token of ours, as only a mistake of ours could sign it."""
    found = ApiKey.objects.get(name=key)
    return tokens.sign_access(Tenant.objects.get(slug=tenant).id, Actor("key", str(found.id), key), spaces)


def _forged() -> str:
    """A token of a key whose rows name a space that its tenant has no hold on."""
    key, space = ApiKey.objects.get(name="forged"), Space.objects.get(name="acme_s1")
    ApiKeySpace.objects.create(key=key, space=space, permissions=sorted(ALL))
    return _claiming("globex", "forged", {"globex_s1": READ, "acme_s1": ALL})


def _signed(claims: dict[str, Any], **changes: Any) -> str:
    return jwt.encode({**claims, **changes}, settings.TOKEN_SIGNING_KEY, "HS256")


def _exchanged(token: str, claims: dict[str, Any]) -> str:
    head, _, signature = token.split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"
