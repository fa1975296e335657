import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandParser
from tqdm import tqdm

from memory.demo.content import CUES, python_topics, tenant_memories
from memory.passages import Passage
from memory.services.entities import link_entities
from memory.services.lexicon import refresh_lexicon
from memory.services.load import load
from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.models import Membership, Space, Tenant
from tenants.scope import SpaceScope
from tenants.services.keys import create_key
from tenants.services.sharing import share_space
from tenants.services.spaces import NewSpace, create_space
from tenants.services.tenants import create_tenant

MEMBER, OPERATOR = "ada", "operator"
READ_WRITE = frozenset({"read", "write"})

TENANTS = {
    "library": "The library",
    "acme": "Acme Outdoor (strong isolation)",
    "globex": "Globex Data (private and shared)",
    "initech": "Initech Finance (organisation and teams)",
}

SPACES = [
    ("library", NewSpace("common_knowledge", "Common knowledge", "Python's own help topics, shared to read.")),
    ("acme", NewSpace("acme_support", "Support", "Conversations with customers, and what was learnt from them.")),
    ("globex", NewSpace("globex_research", "Research", "Notes of the team that builds the data pipelines.")),
    ("initech", NewSpace("initech_org", "Organisation", "What everyone at Initech should know.")),
    ("initech", NewSpace("initech_team_a", "Platform team", "The platform team's notes.", parent="initech_org")),
    ("initech", NewSpace("initech_team_b", "Mobile team", "The mobile team's notes.", parent="initech_org")),
]


class Command(OperatorCommand):
    help = (
        "Fill a fresh installation with the demo: a shared library and three tenants, one for each pattern of sharing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--credentials", type=Path, required=True, metavar="FILE", help="where to write the logins and key"
        )

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        path: Path = options["credentials"]
        if path.exists():
            return {"credentials": str(path), "created": 0}
        _make_tenants(caller)
        _make_spaces(caller)
        share_space(caller, "common_knowledge", "globex")
        created = sum(_fill(SpaceScope.for_operator(caller, new.name), quiet=options["json"]) for _, new in SPACES)
        _write_private(path, _credentials(caller))
        return {"credentials": str(path), "created": created}


def _make_tenants(caller: Caller) -> None:
    known = set(Tenant.objects.values_list("slug", flat=True))
    for slug, name in TENANTS.items():
        if slug not in known:
            create_tenant(caller, slug, name=name)


def _make_spaces(caller: Caller) -> None:
    known = set(Space.objects.values_list("name", flat=True))
    for tenant, new in SPACES:
        if new.name not in known:
            create_space(caller, new, tenant_slug=tenant)


def _fill(scope: SpaceScope, *, quiet: bool) -> int:
    passages: Iterable[Passage] = python_topics() if scope.space == "common_knowledge" else tenant_memories(scope.space)
    listed = list(passages)
    with tqdm(total=len(listed), desc=scope.space, unit="memories", disable=quiet or None) as bar:
        loaded = load(scope, listed, bar.update)
    refresh_lexicon(scope.restarted())
    while not link_entities(scope.restarted()):
        pass
    return loaded.created


def _credentials(caller: Caller) -> dict[str, Any]:
    """New passwords for the demo's people and a new key: what an interrupted run gave out was never shown."""
    users = get_user_model().objects
    passwords = {name: secrets.token_urlsafe(12) for name in (MEMBER, OPERATOR)}
    for name, password in passwords.items():
        user, _ = users.get_or_create(username=name)
        user.is_staff = user.is_superuser = name == OPERATOR
        user.set_password(password)
        user.save()
        for slug in ("acme", "globex", "initech") if name == MEMBER else ():
            tenant = Tenant.objects.get(slug=slug)
            Membership.objects.get_or_create(tenant=tenant, user=user, defaults={"role": Membership.Role.ADMIN})
    key = create_key(caller.restarted(), "acme", {"acme_support": READ_WRITE}, name="first steps")
    return {
        "member": {"username": MEMBER, "password": passwords[MEMBER], "tenant": "acme"},
        "operator": {"username": OPERATOR, "password": passwords[OPERATOR]},
        "api_key": key.api_key,
        "space": "acme_support",
        "cue": CUES["acme_support"][0],
    }


def _write_private(path: Path, credentials: Mapping[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(credentials, file, indent=2)
