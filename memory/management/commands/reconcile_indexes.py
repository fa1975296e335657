from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from memory.services.indexes import IndexStep, plan_indexes, reconcile_indexes
from memory.services.work import Busy
from tenants.callers import Caller
from tenants.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Build and drop the indexes over large spaces' vectors now, as a worker does by itself every five minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="show what would be done, and what there is")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        steps = plan_indexes()
        if options["dry_run"]:
            return [_row(step, "planned") for step in steps]
        with tqdm(total=len(steps), unit="indexes", disable=options["json"] or None, leave=False) as bar:

            def show(step: IndexStep) -> None:
                bar.set_description(f"{step.act} {_space(step)}, {step.tier}")
                bar.update()

            try:
                taken = reconcile_indexes(show)
            except Busy as error:
                raise CommandError(f"{error} Try again in a moment.") from error
        return [_row(each.step, "failed" if each.outcome == "failed" else "done") for each in taken]


def _row(step: IndexStep, outcome: str) -> Mapping[str, Any]:
    return {
        "act": step.act,
        "space": _space(step),
        "tier": step.tier,
        "memories": step.wanted and step.wanted.memories,
        "valid": step.held and step.held.valid,
        "bytes": step.held and step.held.bytes,
        "outcome": outcome,
    }


def _space(step: IndexStep) -> str:
    return step.wanted.space if step.wanted else str(step.space_id)
