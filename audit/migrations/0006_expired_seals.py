"""Where each tenant's chain was cut off when its oldest months were dropped, so that what remains has something to continue from.

The app reads it; only ``audit_expire_partitions`` writes. Chains that begin after their first seal when this is applied are taken to
have been cut off there.
"""

from django.db import migrations, models

TABLE = """
create table audit_expiredseal (
    tenant_id uuid primary key,
    number bigint not null check (number > 0),
    through_at timestamptz not null,
    through_id uuid not null,
    digest bytea not null
);
alter table audit_expiredseal enable row level security;
alter table audit_expiredseal force row level security;
create policy audit_expiredseal_tenant on audit_expiredseal to engram_app
    using (tenant_id = nullif(current_setting('engram.tenant_id', true), '')::uuid)
    with check (tenant_id = nullif(current_setting('engram.tenant_id', true), '')::uuid);
grant select on audit_expiredseal to engram_app;
insert into audit_expiredseal (tenant_id, number, through_at, through_id, digest)
select tenant_id, number - 1, first_at - interval '1 microsecond', 'ffffffff-ffff-ffff-ffff-ffffffffffff', previous
from (select distinct on (tenant_id) * from audit_auditseal order by tenant_id, number) first_kept
where number > 1;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_seals")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE, "drop table audit_expiredseal")],
            state_operations=[
                migrations.CreateModel(
                    name="ExpiredSeal",
                    fields=[
                        ("tenant_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("number", models.BigIntegerField()),
                        ("through_at", models.DateTimeField()),
                        ("through_id", models.UUIDField()),
                        ("digest", models.BinaryField()),
                    ],
                )
            ],
        ),
    ]
