"""How far a space's recalls have been applied, and associations of what is recalled together."""

from django.db import migrations, models

TABLE = """
create table memory_reinforcement (
    space_id uuid primary key references tenants_space (id),
    applied_id text not null
);
alter table memory_reinforcement enable row level security;
alter table memory_reinforcement force row level security;
create policy memory_reinforcement_space on memory_reinforcement to engram_app
    using (space_id = nullif(current_setting('engram.space_id', true), '')::uuid)
    with check (space_id = nullif(current_setting('engram.space_id', true), '')::uuid);
grant select, insert, update, delete on memory_reinforcement to engram_app;
"""

ASSOCIATIONS = """
alter table memory_association
    add column reinforced_at timestamptz,
    drop constraint if exists memory_association_kind_check,
    add constraint memory_association_kind_check check (kind in ('temporal', 'entity', 'explicit', 'hebbian'));
create index memory_association_hebbian on memory_association (space_id, reinforced_at) where kind = 'hebbian';
"""
UNDO_ASSOCIATIONS = """
drop index memory_association_hebbian;
delete from memory_association where kind not in ('temporal', 'explicit');
alter table memory_association
    drop column reinforced_at,
    drop constraint memory_association_kind_check,
    add constraint memory_association_kind_check check (kind in ('temporal', 'explicit'));
"""

KINDS = [("temporal", "Temporal"), ("entity", "Entity"), ("explicit", "Explicit"), ("hebbian", "Hebbian")]


class Migration(migrations.Migration):
    dependencies = [("memory", "0006_recent_recalls")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLE, "drop table memory_reinforcement"),
                migrations.RunSQL(ASSOCIATIONS, UNDO_ASSOCIATIONS),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Reinforcement",
                    fields=[
                        ("space_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("applied_id", models.TextField()),
                    ],
                ),
                migrations.AddField("Association", "reinforced_at", models.DateTimeField(null=True)),
                migrations.AlterField("Association", "kind", models.TextField(choices=KINDS)),
            ],
        ),
    ]
