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

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.outcome}"
