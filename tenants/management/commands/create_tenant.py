from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand, checked, password_on_stdin
from tenants.models import TENANT_SLUG
from tenants.services.tenants import create_tenant


class Command(OperatorCommand):
    help = "Make a tenant, with its first admin if one is named."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug")
        parser.add_argument("--name", default="", help="what people call it; the slug by default")
        parser.add_argument("--admin", metavar="USER", help="its first admin: a new user, or one that exists")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the new user's password from standard input"
        )

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        slug = checked(TENANT_SLUG, "slug", options["slug"])
        password = password_on_stdin() if options["password_stdin"] else None
        tenant = create_tenant(caller, slug, name=options["name"], admin=options["admin"], password=password)
        return asdict(tenant) | {"admin": options["admin"]}
