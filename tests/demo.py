"""The demo's tenants and spaces with a few memories each: what the documents walk through."""

from django.contrib.auth import get_user_model

from memory.management.commands.seed_demo import SPACES, TENANTS
from memory.records import NewMemory
from memory.services.remember import remember
from tenants.callers import operator
from tenants.models import Membership, Tenant
from tenants.scope import SpaceScope
from tenants.services.sharing import share_space
from tenants.services.spaces import create_space
from tenants.services.tenants import create_tenant
from tests.world import PASSWORD


def build_demo() -> None:
    root = operator("tests")
    for slug, name in TENANTS.items():
        create_tenant(root, slug, name=name)
    for tenant, new in SPACES:
        create_space(root, new, tenant_slug=tenant)
        scope = SpaceScope.for_operator(root, new.name)
        remember(scope, NewMemory(content=f"What {new.name} knows of context managers and the with statement."))
    share_space(root, "common_knowledge", "globex")
    ada = get_user_model().objects.create_user("ada", password=PASSWORD)
    for slug in ("acme", "globex", "initech"):
        Membership.objects.create(tenant=Tenant.objects.get(slug=slug), user=ada, role="admin")
