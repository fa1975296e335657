from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants import metrics
        from tenants.limits import installation
        from tenants.pages import logins
        from tenants.staff import install_groups
        from tenants.statements import limit_waiting

        logins.connect()
        pre_migrate.connect(limit_waiting, sender=self, dispatch_uid="tenants.waiting")
        post_migrate.connect(install_groups, sender=self, dispatch_uid="tenants.staff")
        metrics.connect()
        # A malformed engram.toml stops the start, not the first request.
        installation()
