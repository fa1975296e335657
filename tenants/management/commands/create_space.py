from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand, checked
from tenants.models import SPACE_NAME
from tenants.services.spaces import NewSpace, create_space


class Command(OperatorCommand):
    help = "Make a space of a tenant."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--parent", metavar="NAME", help="the space above it, of the same tenant")
        parser.add_argument("--team", metavar="SLUG", help="whose it is, of the same tenant")
        words = "the text search configuration that words are read by (english)"
        parser.add_argument("--text-search", default="english", metavar="NAME", help=words)
        parser.add_argument("--title", default="")
        parser.add_argument("--description", default="")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        new = NewSpace(
            name=checked(SPACE_NAME, "name", options["name"]),
            title=options["title"],
            description=options["description"],
            parent=options["parent"],
            team=options["team"],
            text_search=options["text_search"],
        )
        return asdict(create_space(caller, new, tenant_slug=options["tenant"]))
