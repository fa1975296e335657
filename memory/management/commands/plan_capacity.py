from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from django.core.management.base import CommandError, CommandParser

from memory.planning import Demand, plan
from tenants.callers import Caller
from tenants.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Say how much disk, cache and how many cores so many tenants and memories need, from measured figures."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--tenants", type=int, required=True)
        parser.add_argument("--memories", type=int, required=True, help="of each tenant")
        parser.add_argument("--text-bytes", type=int, default=Demand.text_bytes, help="of a memory, UTF-8")
        parser.add_argument("--dimension", type=int, default=Demand.dimension, help="numbers in a vector")
        parser.add_argument("--associations", type=float, default=Demand.associations, help="of a memory")
        parser.add_argument(
            "--names", type=float, default=Demand.names, help="of people and things that a memory holds"
        )
        parser.add_argument("--cold", type=float, default=Demand.cold, help="the share of cold memories, 0 to 1")
        parser.add_argument("--recalls-per-second", type=float, default=Demand.recalls_per_second)
        parser.add_argument("--remembered-per-second", type=float, default=Demand.remembered_per_second)
        parser.add_argument("--audit-days", type=int, default=Demand.audit_days, help="that the trail is kept")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        given = {field.name: options[field.name] for field in fields(Demand)}
        for name, value in given.items():
            if value < 0 or (name == "cold" and value > 1):
                allowed = "0 to 1" if name == "cold" else "0 or more"
                raise CommandError(f"--{name.replace('_', '-')} is {value}; allowed: {allowed}.")
        return asdict(plan(Demand(**given)))
