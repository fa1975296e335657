"""The audit trail's upkeep."""

from celery import shared_task

from audit import queries

MONTHS_AHEAD = 3


@shared_task
def make_partitions() -> int:
    """Make the coming months' partitions; run daily, so a month is never without one."""
    return queries.make_partitions(MONTHS_AHEAD)
