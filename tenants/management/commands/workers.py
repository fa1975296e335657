from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from tenants.callers import Caller
from tenants.commands import OperatorCommand
from tenants.services.work import WorkReport, report_work, send_again


class Command(OperatorCommand):
    help = (
        "Show the workers: who answers, what waits and for how long, when each task ran last, and what failed for good."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--again",
            nargs="+",
            type=UUID,
            default=[],
            metavar="ID",
            help="send these failed tasks again, before looking",
        )

    def run(self, caller: Caller, options: Mapping[str, Any]) -> Mapping[str, Any]:
        if options["again"]:
            send_again(caller, options["again"])
        report = report_work(caller)
        return asdict(report) if options["json"] else _lines(report)


def _lines(report: WorkReport) -> dict[str, str]:
    """The report for a person: a line for each worker, task and failure, by what it is about."""
    lines = {"workers": ", ".join(report.workers) or "none answered"}
    for queue in report.queues:
        lag = "" if queue.lag is None else f", the oldest for {queue.lag:.0f} s"
        lines[f"queue {queue.name}"] = f"{sum(queue.waiting.values())} waiting{lag}"
        lines |= {f"  {task}": str(count) for task, count in sorted(queue.waiting.items())}
    lines["tasks"] = f"{len(report.runs)} have run"
    for run in report.runs:
        ended = "failed" if run.failed else "ran"
        lines[f"  {run.task} "] = (
            f"{ended} {run.finished_at:%Y-%m-%d %H:%M:%S} UTC in {run.seconds:.2f} s; {run.runs} runs, {run.failures} failed"
        )
    lines["failed"] = str(report.failed)
    lines |= {
        f"  {failure.id}": f"{failure.task} {list(failure.arguments)}: {failure.error}" for failure in report.failures
    }
    return lines
