"""The control plane's upkeep."""

from celery import shared_task

from tenants.services import upkeep


@shared_task
def drop_expired_refresh_tokens() -> int:
    return upkeep.drop_expired_refresh_tokens()
