from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.services.space_limits import set_limits


class Command(OperatorCommand):
    help = (
        "Give a space limits of its own, over those of engram.toml, or take them back. Prints what holds from now on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("limits", nargs="*", metavar="LIMIT=VALUE", help="by their names in engram.toml")
        parser.add_argument(
            "--reset", nargs="+", action="extend", default=[], metavar="LIMIT", help="back to what engram.toml says"
        )

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return asdict(set_limits(caller, options["name"], _parsed(options["limits"]), options["reset"]))


def _parsed(given: list[str]) -> dict[str, int]:
    parsed: dict[str, int] = {}
    for argument in given:
        limit, _, value = argument.partition("=")
        try:
            parsed[limit] = int(value)
        except ValueError as error:
            raise CommandError(f"{argument!r} sets no limit; allowed: LIMIT=VALUE with a whole number.") from error
    return parsed
