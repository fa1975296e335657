from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.services.keys import revoke_key


class Command(OperatorCommand):
    help = "End an API key of any tenant, with every token that came of it, from the next request on."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("key", metavar="PREFIX|ID", help="what the key shows after 'egk_', or its id")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return asdict(revoke_key(caller, _which(options["key"])))


def _which(given: str) -> UUID | str:
    try:
        return UUID(given)
    except ValueError:
        return given.removeprefix("egk_").partition("_")[0]
