from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.services.sharing import share_space, withdraw_space


class Command(OperatorCommand):
    help = "Share a space with another tenant, to read unless said otherwise; or take that back."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("--with", required=True, dest="tenant", metavar="TENANT")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--write", action="store_true", help="to write as well")
        how.add_argument("--withdraw", action="store_true", help="take the grant back")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        if options["withdraw"]:
            withdraw_space(caller, options["name"], options["tenant"])
            permissions: list[str] = []
        else:
            permissions = share_space(caller, options["name"], options["tenant"], write=options["write"]).permissions
        return {"space": options["name"], "tenant": options["tenant"], "permissions": permissions}
