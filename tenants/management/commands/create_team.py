from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand, checked
from tenants.models import TEAM_SLUG
from tenants.services.teams import create_team


class Command(OperatorCommand):
    help = "Make a team of a tenant; spaces made with --team are its members' to read and write."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--name", default="", help="what people call it; the slug by default")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        slug = checked(TEAM_SLUG, "slug", options["slug"])
        team = create_team(caller, slug, name=options["name"], tenant_slug=options["tenant"])
        return asdict(team) | {"tenant": options["tenant"]}
