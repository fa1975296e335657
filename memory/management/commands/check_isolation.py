from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from memory.services.isolation import check_isolation
from tenants.callers import Caller
from tenants.commands import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Check that tenants are isolated here: roles, policies, grants, owner, settings, and a live attempt of one "
        "throwaway tenant to reach another's memory. Ends with an error if any check fails."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.failed: list[str] = []
        super().handle(*args, **options)
        if self.failed:
            raise CommandError(
                f"NOT ISOLATED: {', '.join(self.failed)}. Do not serve this installation before it is mended."
            )
        if not options["json"]:
            self.stdout.write("ISOLATED: every check holds.")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        checked = check_isolation(caller)
        self.failed = [each.check for each in checked if each.verdict == "failed"]
        rows = [asdict(each) for each in checked]
        return rows if options["json"] else [{**row, "faults": " ".join(row["faults"])} for row in rows]
