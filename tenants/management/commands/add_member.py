from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand, password_on_stdin
from tenants.models import Membership
from tenants.services.members import add_member


class Command(OperatorCommand):
    help = "Let a person into a tenant. Who has an account keeps their password; a new one needs --password-stdin."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("username")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--role", choices=Membership.Role.values, default=Membership.Role.MEMBER.value)
        parser.add_argument("--team", metavar="SLUG", help="a team of the tenant to join at once")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the new account's password from standard input"
        )

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        member, is_new = add_member(
            caller,
            options["username"],
            options["role"],
            password=password_on_stdin() if options["password_stdin"] else None,
            team=options["team"],
            tenant_slug=options["tenant"],
        )
        return asdict(member) | {"tenant": options["tenant"], "new_account": is_new}
