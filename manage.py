#!/usr/bin/env python
"""Django's command line. Commands that change the schema run as its owner, all others as the app's role."""

import os
import sys

OWNER_COMMANDS = {"migrate", "sqlmigrate", "showmigrations", "keep_audit"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engram_site.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("ENGRAM_DATABASE_ROLE", "owner")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
