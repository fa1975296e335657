"""The audit trail's upkeep."""

from celery import shared_task

from audit import queries
from audit.services import seals, usage

MONTHS_AHEAD = 3


@shared_task
def make_partitions() -> int:
    """Make the coming months' partitions; run daily, so a month is never without one."""
    return queries.make_partitions(MONTHS_AHEAD)


@shared_task
def expire_partitions() -> list[str]:
    """Drop the months that are older than the trail is kept; run daily."""
    return queries.expire_partitions()


@shared_task
def seal_events() -> int:
    """Seal what was recorded since the last time; returns how many events."""
    return seals.seal_all_events()


@shared_task
def roll_up_usage() -> int:
    """Bring the usage series up to date, and drop what has had its time; returns how many calls that took."""
    return usage.roll_up_usage()
