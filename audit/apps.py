from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from audit.services.events import write_event
        from tenants.operations import operation_recorded
        from tenants.statements import install_functions

        operation_recorded.connect(write_event, dispatch_uid="audit")
        post_migrate.connect(install_functions, sender=self, dispatch_uid="audit.functions")
        post_migrate.connect(_make_partitions, sender=self, dispatch_uid="audit.partitions")


def _make_partitions(**_: Any) -> None:
    from audit.tasks import make_partitions

    make_partitions()
