"""Migrations run while the old code serves: what would break it, or hold it up, is found."""

from django_migration_linter import MigrationLinter

from tests.servers import ROOT

# Why the old code does not mind.
ALLOWED = {
    "0003_whole_logins": "refresh tokens are few; whoever refreshes in that moment logs in again",
    "0007_deadletter_failed_at": "its table holds failed tasks alone",
    "0009_glass_outlives_space": "operators' accesses are few; whoever breaks the glass in that moment does so again",
}


def test_no_migration_breaks_or_holds_up_the_code_that_serves_meanwhile(database: None) -> None:
    linter = MigrationLinter(
        str(ROOT),
        include_apps=["tenants", "audit", "memory"],
        ignore_name=list(ALLOWED),
        all_warnings_as_errors=True,
        analyser_string="postgresql",
        no_cache=True,
        no_output=True,
    )
    linter.lint_all_migrations()
    assert (linter.nb_erroneous, linter.nb_ignored) == (0, len(ALLOWED))
    assert linter.nb_valid > 20
