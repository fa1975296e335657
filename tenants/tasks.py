"""The control plane's upkeep."""

from celery import shared_task

from tenants.services import upkeep


@shared_task
def drop_expired_refresh_tokens() -> int:
    return upkeep.drop_expired_refresh_tokens()


@shared_task
def drop_expired_sessions() -> int:
    return upkeep.drop_expired_sessions()


@shared_task
def drop_old_failures() -> int:
    return upkeep.drop_old_failures()
