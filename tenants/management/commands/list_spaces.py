from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.services.spaces import list_all_spaces


class Command(OperatorCommand):
    help = "List the installation's spaces, or a tenant's, with the limits that each has of its own."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenant", metavar="SLUG", help="only this one's")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return [asdict(space) for space in list_all_spaces(caller, options["tenant"])]
