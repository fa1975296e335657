"""Seals over the trail, and how long it is kept: chained by SHA-256 for each tenant, as append-only as the events they are about.

The app writes seals and reads them; how long the trail is kept is the owner's to say, so that whoever took over the app cannot
shorten it.
"""

from django.db import migrations, models
from django.db.models.functions import Now

TABLE = """
create table audit_auditseal (
    tenant_id uuid not null,
    number bigint not null check (number > 0),
    sealed_at timestamptz not null default statement_timestamp(),
    first_at timestamptz not null,
    through_at timestamptz not null,
    through_id uuid not null,
    events integer not null check (events > 0),
    previous bytea not null,
    manifest bytea not null,
    digest bytea not null,
    primary key (tenant_id, number, through_at)
) partition by range (through_at);
create table audit_auditseal_default partition of audit_auditseal default;
alter table audit_auditseal enable row level security;
alter table audit_auditseal force row level security;
create policy audit_auditseal_tenant on audit_auditseal to engram_app
    using (tenant_id = nullif(current_setting('engram.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('engram.tenant_id', true), '')::uuid);
grant select, insert on audit_auditseal to engram_app;
create trigger audit_auditseal_append_only before update or delete on audit_auditseal
    for each row execute function audit_refuse_change();
create trigger audit_auditseal_no_truncate before truncate on audit_auditseal
    for each statement execute function audit_refuse_change();
"""

RETENTION = """
create table audit_retention (
    single boolean primary key default true check (single),
    months integer not null check (months between 3 and 1200)
);
insert into audit_retention (months) values (24);
grant select on audit_retention to engram_app;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_targets")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLE, "drop table audit_auditseal"),
                migrations.RunSQL(RETENTION, "drop table audit_retention"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="AuditSeal",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "tenant_id",
                                "number",
                                "through_at",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("tenant_id", models.UUIDField()),
                        ("number", models.BigIntegerField()),
                        ("sealed_at", models.DateTimeField(db_default=Now())),
                        ("first_at", models.DateTimeField()),
                        ("through_at", models.DateTimeField()),
                        ("through_id", models.UUIDField()),
                        ("events", models.IntegerField()),
                        ("previous", models.BinaryField()),
                        ("manifest", models.BinaryField()),
                        ("digest", models.BinaryField()),
                    ],
                    options={"ordering": ["number"]},
                )
            ],
        ),
    ]
