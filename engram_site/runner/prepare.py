"""``python -m engram_site.runner.prepare``: the database's roles, rights and extensions, where its passwords are given."""

import sys

from django.core.exceptions import ImproperlyConfigured

from engram_site import env
from engram_site.runner.database import prepare_database, with_password
from engram_site.runner.environment import Secrets
from engram_site.runner.errors import StartError


def prepare() -> None:
    """Needs ``DATABASE_ADMIN_URL``, a superuser's, and the passwords of all roles. Repeating it changes nothing."""
    passwords = Secrets(
        secret_key="",
        signing_key="",
        owner_password=env.text("DATABASE_OWNER_PASSWORD"),
        app_password=env.text("DATABASE_PASSWORD"),
        backup_password=env.text("DATABASE_BACKUP_PASSWORD"),
    )
    prepare_database(with_password(env.text("DATABASE_ADMIN_URL"), env.text("DATABASE_ADMIN_PASSWORD", "")), passwords)


if __name__ == "__main__":
    try:
        prepare()
    except (StartError, ImproperlyConfigured) as error:
        sys.exit(f"Engram: {error}")
