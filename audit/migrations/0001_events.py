"""The audit trail: partitioned by month, insert and select only, each tenant its own rows."""

from django.db import migrations, models
from django.db.models.functions import Now

TABLE = """
create table audit_auditevent (
    id uuid not null default uuidv7(),
    at timestamptz not null default statement_timestamp(),
    tenant_id uuid not null,
    space_id uuid,
    space varchar(64) not null default '',
    actor_kind varchar(9) not null,
    actor_id varchar(200) not null default '',
    actor_name varchar(200) not null default '',
    action varchar(40) not null,
    outcome varchar(7) not null check (outcome in ('allowed', 'denied', 'limited', 'failed')),
    target varchar(200) not null default '',
    reason varchar(100) not null default '',
    request_id varchar(64) not null,
    address varchar(64) not null default '',
    duration_ms double precision not null,
    primary key (at, id)
) partition by range (at);
create index audit_auditevent_newest on audit_auditevent (tenant_id, at desc, id desc);
-- Whatever a month without a partition of its own writes is kept, not refused.
create table audit_auditevent_default partition of audit_auditevent default;
"""

POLICY = """
alter table audit_auditevent enable row level security;
alter table audit_auditevent force row level security;
create policy audit_auditevent_tenant on audit_auditevent to engram_app
    using (tenant_id = nullif(current_setting('engram.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('engram.tenant_id', true), '')::uuid);
grant select, insert on audit_auditevent to engram_app;
"""

# Row triggers are cloned to partitions and hold for every role, a superuser's session included.
APPEND_ONLY = """
create function audit_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'The audit trail is append-only: % refused.', tg_op using errcode = 'insufficient_privilege';
end
$$;
create trigger audit_auditevent_append_only before update or delete on audit_auditevent
    for each row execute function audit_refuse_change();
create trigger audit_auditevent_no_truncate before truncate on audit_auditevent
    for each statement execute function audit_refuse_change();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tenants", "0001_control_plane")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLE, "drop table audit_auditevent"),
                migrations.RunSQL(POLICY, migrations.RunSQL.noop),
                migrations.RunSQL(APPEND_ONLY, "drop function audit_refuse_change() cascade"),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="AuditEvent",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "at", "id", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "id",
                            models.UUIDField(
                                db_default=models.Func(function="uuidv7", output_field=models.UUIDField())
                            ),
                        ),
                        ("at", models.DateTimeField(db_default=Now())),
                        ("tenant_id", models.UUIDField()),
                        ("space_id", models.UUIDField(null=True)),
                        ("space", models.CharField(blank=True, max_length=64)),
                        ("actor_kind", models.CharField(max_length=9)),
                        ("actor_id", models.CharField(blank=True, max_length=200)),
                        ("actor_name", models.CharField(blank=True, max_length=200)),
                        ("action", models.CharField(max_length=40)),
                        ("outcome", models.CharField(max_length=7)),
                        ("target", models.CharField(blank=True, max_length=200)),
                        ("reason", models.CharField(blank=True, max_length=100)),
                        ("request_id", models.CharField(max_length=64)),
                        ("address", models.CharField(blank=True, max_length=64)),
                        ("duration_ms", models.FloatField()),
                    ],
                    options={"ordering": ["-at", "-id"]},
                )
            ],
        ),
    ]
