from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser

from audit.services.retention import LEAST_MONTHS, MOST_MONTHS, keep_audit
from tenants.callers import Caller
from tenants.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Keep the audit trail for so many whole months besides the running one; older months are dropped daily."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("months", type=int, help=f"{LEAST_MONTHS} to {MOST_MONTHS}")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        months = options["months"]
        if not LEAST_MONTHS <= months <= MOST_MONTHS:
            raise CommandError(f"months is {months}; allowed: {LEAST_MONTHS} to {MOST_MONTHS}.")
        keep_audit(caller, months)
        return {"months": months}
