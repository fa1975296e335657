from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.services.tenants import resume_tenant, suspend_tenant


class Command(OperatorCommand):
    help = "Refuse a tenant's every call from the next request on, or let it in again. Its memories stay."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug")
        parser.add_argument("--resume", action="store_true", help="let it in again")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        change = resume_tenant if options["resume"] else suspend_tenant
        return asdict(change(caller, options["slug"]))
