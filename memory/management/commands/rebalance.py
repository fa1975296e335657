from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from memory.services.tiers import plan_tiers, rebalance
from memory.services.work import Busy
from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.scope import SpaceScope
from tenants.services.upkeep import active_space_ids


class Command(OperatorCommand):
    help = "Move a space's memories between tiers now, as the workers do by themselves every five minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("space", nargs="?", metavar="SPACE")
        which.add_argument("--all", action="store_true", help="every active space")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        if options["all"]:
            scopes = [SpaceScope.for_task(space_id) for space_id in active_space_ids()]
        else:
            scopes = [SpaceScope.for_operator(caller, options["space"])]
        quiet = options["json"] or None
        return [_rebalanced(scope, quiet=quiet) for scope in tqdm(scopes, unit="spaces", disable=quiet, leave=False)]


def _rebalanced(scope: SpaceScope, *, quiet: bool | None) -> Mapping[str, Any]:
    moved: Counter[tuple[str, str]] = Counter()
    expected = sum(step.memories for step in plan_tiers(scope).steps)
    with tqdm(total=expected, desc=scope.space, unit="memories", disable=quiet) as bar:
        done = False
        while not done:
            try:
                part = rebalance(scope, progress=bar.update)
            except Busy as error:
                raise CommandError(f"{error} Try again in a moment.") from error
            moved.update(part.moved)
            done = part.done
    return {"space": scope.space} | {
        f"{source}_to_{target}": moved[source, target] for source, target in (("hot", "warm"), ("warm", "cold"))
    }
