from django.apps import AppConfig
from django.db.models.signals import post_migrate


class MemoryConfig(AppConfig):
    name = "memory"

    def ready(self) -> None:
        from tenants.statements import install_functions

        post_migrate.connect(install_functions, sender=self, dispatch_uid="memory.functions")
