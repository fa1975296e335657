"""What planners of workers' tasks ask of the control plane."""

from datetime import timedelta
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models import F, QuerySet, Window
from django.db.models.functions import Random, RowNumber
from django.utils import timezone

from tenants.models import DeadLetter, RefreshToken, Space, Tenant
from tenants.scope import SpaceScope

# How long operators can see a task that failed for good, and send it again.
FAILURES_KEPT = timedelta(days=30)


def active_space_ids() -> list[UUID]:
    """Spaces that workers look after, tenant by tenant in turns, so that one of many spaces does not go first with all of them.

    Tenants are in a new order each time, and so are a tenant's own spaces: where workers do not get through all, it is not always
    the same that wait.
    """
    return _in_turns(_active())


def rereading_space_ids() -> list[UUID]:
    """The active spaces whose words workers have to read anew."""
    return _in_turns(_active().exclude(reread_to=None))


def hold_reread(scope: SpaceScope) -> UUID | None:
    """Inside ``space_tx``: up to which memory words were read anew (``None``: all), for the caller alone to move on."""
    return Space.objects.select_for_update(no_key=True).get(id=scope.space_id).reread_to


def note_reread(scope: SpaceScope, last: UUID | None) -> None:
    Space.objects.filter(id=scope.space_id).update(reread_to=last)


def drop_expired_refresh_tokens() -> int:
    deleted, _ = RefreshToken.objects.filter(expires_at__lt=timezone.now()).delete()
    return deleted


def drop_expired_sessions() -> int:
    deleted, _ = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return deleted


def drop_old_failures() -> int:
    deleted, _ = DeadLetter.objects.filter(failed_at__lt=timezone.now() - FAILURES_KEPT).delete()
    return deleted


def _active() -> QuerySet[Space]:
    return Space.objects.filter(status=Space.Status.ACTIVE, tenant__status=Tenant.Status.ACTIVE)


def _in_turns(spaces: QuerySet[Space]) -> list[UUID]:
    turn = Window(RowNumber(), partition_by=[F("tenant_id")], order_by=Random())
    return list(spaces.annotate(turn=turn).order_by("turn", "?").values_list("id", flat=True))
