"""The append-only record of what happened. The table is partitioned by month and made in its migration."""

from django.db import models
from django.db.models.functions import Now

from tenants.models import UUIDV7


class AuditEvent(models.Model):
    """One operation, asked for by someone, with its outcome. It names things and never holds memory content."""

    pk = models.CompositePrimaryKey("at", "id")
    id = models.UUIDField(db_default=UUIDV7)
    at = models.DateTimeField(db_default=Now())
    tenant_id = models.UUIDField()
    space_id = models.UUIDField(null=True)
    space = models.CharField(max_length=64, blank=True)
    actor_kind = models.CharField(max_length=9)
    actor_id = models.CharField(max_length=200, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=7)
    target = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=64)
    address = models.CharField(max_length=64, blank=True)
    duration_ms = models.FloatField()
    # What is refused again and again is written down once, with how often.
    times = models.IntegerField(db_default=1)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.outcome}"


class AuditSeal(models.Model):
    """A tenant's events up to ``(through_at, through_id)`` since the seal before, made fast.

    ``manifest`` holds each event's id (16 bytes) and SHA-256 (32 bytes), in order; ``digest`` chains it to ``previous``.
    """

    pk = models.CompositePrimaryKey("tenant_id", "number", "through_at")
    tenant_id = models.UUIDField()
    number = models.BigIntegerField()
    sealed_at = models.DateTimeField(db_default=Now())
    first_at = models.DateTimeField()
    through_at = models.DateTimeField()
    through_id = models.UUIDField()
    events = models.IntegerField()
    previous = models.BinaryField()
    manifest = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"seal {self.number}"


class ExpiredSeal(models.Model):
    """The last of a tenant's seals that was dropped because its time was over: the chain that remains continues from it."""

    tenant_id = models.UUIDField(primary_key=True)
    number = models.BigIntegerField()
    through_at = models.DateTimeField()
    through_id = models.UUIDField()
    digest = models.BinaryField()

    def __str__(self) -> str:
        return f"seal {self.number}, dropped"


class Step(models.TextChoices):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class Usage(models.Model):
    """Operations of one action and outcome in one step of time, those of similar duration together.

    ``bucket`` b holds durations up to √2ᵇ milliseconds: OpenTelemetry's exponential histogram at scale 1, whose buckets add up.
    """

    step = models.CharField(max_length=6, choices=Step)
    at = models.DateTimeField()
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=7)
    bucket = models.SmallIntegerField()
    operations = models.BigIntegerField()
    milliseconds = models.FloatField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.outcome}: {self.operations}"


class SpaceUsage(Usage):
    """What a space was asked, by its own tenant and by guests."""

    pk = models.CompositePrimaryKey("space_id", "step", "at", "action", "outcome", "bucket")
    space_id = models.UUIDField()


class TenantUsage(Usage):
    """What a tenant asked, in its own spaces, in others' and outside of any."""

    pk = models.CompositePrimaryKey("tenant_id", "step", "at", "action", "outcome", "bucket")
    tenant_id = models.UUIDField()
