"""Imports: the job, the parts of its file that were received and are still to be read, and which of its ids the space holds
under another."""

import django.db.models.functions
from django.db import migrations, models

TABLES = """
create table memory_import (
    space_id uuid not null references tenants_space (id),
    id uuid not null default uuidv7(),
    status text not null default 'receiving'
        check (status in ('receiving', 'queued', 'running', 'done', 'failed', 'cancelled')),
    started_by text not null,
    bytes bigint not null default 0,
    bytes_done bigint not null default 0,
    lines bigint not null default 0,
    memories bigint not null default 0,
    existing bigint not null default 0,
    associations bigint not null default 0,
    problem jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    finished_at timestamptz,
    primary key (space_id, id)
);
-- One at a time: two files at once would race for the same places, and their progress would tell nobody anything.
create unique index memory_import_unfinished on memory_import (space_id) where status in ('receiving', 'queued', 'running');

create table memory_importpart (
    space_id uuid not null,
    import_id uuid not null,
    start bigint not null,
    body bytea not null,
    primary key (space_id, import_id, start),
    foreign key (space_id, import_id) references memory_import (space_id, id) on delete cascade
);
-- A part is read once or twice and then deleted: compressing it would cost more than it saves.
alter table memory_importpart alter column body set storage external;

create table memory_importalias (
    space_id uuid not null,
    import_id uuid not null,
    given uuid not null,
    held uuid not null,
    primary key (space_id, import_id, given),
    foreign key (space_id, import_id) references memory_import (space_id, id) on delete cascade,
    foreign key (space_id, held) references memory_memory (space_id, id) on delete cascade
);
create index memory_importalias_held on memory_importalias (space_id, held);
"""

POLICY = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_space on {table} to engram_app
    using (space_id = nullif(current_setting('engram.space_id', true), '')::uuid)
    with check (space_id = nullif(current_setting('engram.space_id', true), '')::uuid);
grant select, insert, update, delete on {table} to engram_app;
"""
NAMES = ["memory_import", "memory_importpart", "memory_importalias"]

STATUSES = ["receiving", "queued", "running", "done", "failed", "cancelled"]


def key(*columns):
    return "pk", models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


IMPORT = migrations.CreateModel(
    name="Import",
    fields=[
        key("space_id", "id"),
        ("space_id", models.UUIDField()),
        ("id", models.UUIDField(db_default=models.Func(function="uuidv7", output_field=models.UUIDField()))),
        (
            "status",
            models.TextField(choices=[(name, name.capitalize()) for name in STATUSES], default="receiving"),
        ),
        ("started_by", models.TextField()),
        ("bytes", models.BigIntegerField(default=0)),
        ("bytes_done", models.BigIntegerField(default=0)),
        ("lines", models.BigIntegerField(default=0)),
        ("memories", models.BigIntegerField(default=0)),
        ("existing", models.BigIntegerField(default=0)),
        ("associations", models.BigIntegerField(default=0)),
        ("problem", models.JSONField(null=True)),
        ("created_at", models.DateTimeField(db_default=django.db.models.functions.Now())),
        ("updated_at", models.DateTimeField(db_default=django.db.models.functions.Now())),
        ("finished_at", models.DateTimeField(null=True)),
    ],
    options={"ordering": ["-created_at", "-id"]},
)
PART = migrations.CreateModel(
    name="ImportPart",
    fields=[
        key("space_id", "import_id", "start"),
        ("space_id", models.UUIDField()),
        ("import_id", models.UUIDField()),
        ("start", models.BigIntegerField()),
        ("body", models.BinaryField()),
    ],
)
ALIAS = migrations.CreateModel(
    name="ImportAlias",
    fields=[
        key("space_id", "import_id", "given"),
        ("space_id", models.UUIDField()),
        ("import_id", models.UUIDField()),
        ("given", models.UUIDField()),
        ("held", models.UUIDField()),
    ],
    options={"verbose_name_plural": "import aliases"},
)


class Migration(migrations.Migration):
    dependencies = [("memory", "0003_tallies")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLES, "drop table memory_importalias, memory_importpart, memory_import"),
                *[migrations.RunSQL(POLICY.format(table=table), migrations.RunSQL.noop) for table in NAMES],
            ],
            state_operations=[IMPORT, PART, ALIAS],
        ),
    ]
