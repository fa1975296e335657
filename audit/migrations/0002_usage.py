"""How much is asked, by whom and of what: series of counts and durations, rolled up from the audit trail.

``audit_spaceusage`` counts what a space was asked, by its own tenant and by guests; ``audit_tenantusage`` what a tenant asked,
anywhere. The app reads them; only ``audit_roll_up_usage`` writes.
"""

from django.db import migrations, models

TABLE = """
create table {table} (
    {scope}_id uuid not null {reference},
    step varchar(6) not null check (step in ('minute', 'hour', 'day')),
    at timestamptz not null,
    action varchar(40) not null,
    outcome varchar(7) not null,
    bucket smallint not null,
    operations bigint not null,
    milliseconds double precision not null,
    primary key ({scope}_id, step, at, action, outcome, bucket)
);
create index {table}_age on {table} (step, at);
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_{scope} on {table} to engram_app
    using ({scope}_id = nullif(current_setting('engram.{scope}_id', true), '')::uuid)
    with check ({scope}_id = nullif(current_setting('engram.{scope}_id', true), '')::uuid);
grant select on {table} to engram_app;
"""
SPACE_USAGE = TABLE.format(
    table="audit_spaceusage", scope="space", reference="references tenants_space (id) on delete cascade"
)
TENANT_USAGE = TABLE.format(table="audit_tenantusage", scope="tenant", reference="")

PROGRESS = """
create table audit_usageprogress (
    single boolean primary key default true check (single),
    through timestamptz not null
);
"""


def series(name: str, scope: str) -> migrations.CreateModel:
    key = (f"{scope}_id", "step", "at", "action", "outcome", "bucket")
    return migrations.CreateModel(
        name=name,
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(*key, blank=True, editable=False, primary_key=True, serialize=False),
            ),
            (f"{scope}_id", models.UUIDField()),
            ("step", models.CharField(choices=[("minute", "Minute"), ("hour", "Hour"), ("day", "Day")], max_length=6)),
            ("at", models.DateTimeField()),
            ("action", models.CharField(max_length=40)),
            ("outcome", models.CharField(max_length=7)),
            ("bucket", models.SmallIntegerField()),
            ("operations", models.BigIntegerField()),
            ("milliseconds", models.FloatField()),
        ],
        options={"abstract": False},
    )


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_events"), ("tenants", "0002_grants")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(SPACE_USAGE, "drop table audit_spaceusage"),
                migrations.RunSQL(TENANT_USAGE, "drop table audit_tenantusage"),
                migrations.RunSQL(PROGRESS, "drop table audit_usageprogress"),
            ],
            state_operations=[series("SpaceUsage", "space"), series("TenantUsage", "tenant")],
        ),
    ]
