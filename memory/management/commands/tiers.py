from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from memory.services.tiers import Step, TierPlan, plan_tiers
from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.limits import installation
from tenants.scope import SpaceScope


class Command(OperatorCommand):
    help = "Show what a space's tiers hold, and what a rebalancing would move now and why. Moves nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("space", metavar="SPACE")

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        plan = plan_tiers(SpaceScope.for_operator(caller, options["space"]))
        return asdict(plan) if options["json"] else _lines(plan)


def _lines(plan: TierPlan) -> dict[str, str]:
    lines = {"space": plan.space}
    lines |= {
        str(held.tier): f"{held.memories:,} of {held.capacity:,} ({held.memories / held.capacity:.1%})"
        for held in plan.tiers
    }
    lines |= {f"{step.source} to {step.target}": f"{step.memories:,} {_why(step)}" for step in plan.steps}
    return lines if plan.steps else lines | {"moves": "none"}


def _why(step: Step) -> str:
    policy, first = installation().tiers, step.first[0]
    reason = {
        "idle": f"idle for {policy.idle_days} days or longer",
        "full": f"because {step.source} is above {policy.full_percent} %",
    }[step.reason]
    return f"{reason}; first {first.id}, retrievability {first.retrievability:.3f}, idle {first.idle_days:.1f} days"
