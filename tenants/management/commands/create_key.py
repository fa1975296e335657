from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.callers import Caller
from tenants.commands import OperatorCommand, claims
from tenants.services.keys import create_key


class Command(OperatorCommand):
    help = "Make an API key of a tenant. Its secret is printed now and never again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--space", required=True, nargs="+", action="extend", metavar="NAME=read,write")
        parser.add_argument("--name", default="key", help="what people call it")
        parser.add_argument("--days", type=int, help="days until it expires; by default it does not")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        days = options["days"]
        if days is not None and not 1 <= days <= 3650:
            raise CommandError(f"--days is {days}; allowed: 1 to 3650.")
        key = create_key(
            caller,
            options["tenant"],
            claims(options["space"]),
            name=options["name"][:100],
            expires_at=None if days is None else timezone.now() + timedelta(days=days),
        )
        spaces = {name: sorted(permissions) for name, permissions in key.spaces.items()}
        return {
            "id": key.id,
            "name": key.name,
            "tenant": options["tenant"],
            "spaces": spaces,
            "expires_at": key.expires_at,
            "api_key": key.api_key,
        }
