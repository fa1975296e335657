from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from memory.services.tiers import Moved, plan_tiers, rebalance
from memory.services.work import Busy
from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.scope import SpaceGone, SpaceScope
from tenants.services.upkeep import active_space_ids


class Command(OperatorCommand):
    help = "Move a space's memories between tiers now, as the workers do by themselves every five minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("space", nargs="?", metavar="SPACE")
        which.add_argument("--all", action="store_true", help="every active space")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        quiet = options["json"] or None
        if options["all"]:
            space_ids = tqdm(active_space_ids(), unit="spaces", disable=quiet, leave=False)
            return [row for space_id in space_ids for row in _rebalanced_in_passing(space_id, quiet=quiet)]
        try:
            return [_rebalanced(SpaceScope.for_operator(caller, options["space"]), quiet=quiet)]
        except Busy as error:
            raise CommandError(f"{error} Try again in a moment.") from error


def _rebalanced_in_passing(space_id: UUID, *, quiet: bool | None) -> Sequence[Mapping[str, Any]]:
    """One space of all: one that a worker is at is left to that, and one that is gone meanwhile has no row."""
    try:
        scope = SpaceScope.for_task(space_id)
    except SpaceGone:
        return []
    try:
        return [_rebalanced(scope, quiet=quiet)]
    except Busy:
        return [_row(scope, {}, done=False)]


def _rebalanced(scope: SpaceScope, *, quiet: bool | None) -> Mapping[str, Any]:
    moved: Counter[tuple[str, str]] = Counter()
    expected = sum(step.memories for step in plan_tiers(scope).steps)
    with tqdm(total=expected, desc=scope.space, unit="memories", disable=quiet) as bar:
        done = False
        while not done:
            part = rebalance(scope, progress=bar.update)
            moved.update(part.moved)
            done = part.done
    return _row(scope, moved, done=True)


def _row(scope: SpaceScope, moved: Moved, *, done: bool) -> Mapping[str, Any]:
    steps = (("hot", "warm"), ("warm", "cold"))
    counts = {f"{source}_to_{target}": moved.get((source, target), 0) for source, target in steps}
    return {"space": scope.space, **counts, "done": done}
