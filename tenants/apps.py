from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants.limits import installation
        from tenants.pages import logins

        logins.connect()
        # A malformed engram.toml stops the start, not the first request.
        installation()
