"""Names that memories hold, and which memories' names are still to be read: at first all of them."""

from django.db import migrations, models

TABLES = """
create table memory_entity (
    space_id uuid not null,
    name text not null,
    memory_id uuid not null,
    primary key (space_id, name, memory_id),
    foreign key (space_id, memory_id) references memory_memory (space_id, id) on delete cascade
) partition by hash (space_id);
create index memory_entity_memory on memory_entity (space_id, memory_id);

create table memory_unlinked (
    space_id uuid not null,
    memory_id uuid not null,
    primary key (space_id, memory_id),
    foreign key (space_id, memory_id) references memory_memory (space_id, id) on delete cascade
) partition by hash (space_id);

do $$
begin
    for v_part in 0 .. 15 loop
        execute format(
            'create table %I partition of memory_entity for values with (modulus 16, remainder %s)',
            'memory_entity_p' || lpad(v_part::text, 2, '0'), v_part);
        execute format(
            'create table %I partition of memory_unlinked for values with (modulus 16, remainder %s)',
            'memory_unlinked_p' || lpad(v_part::text, 2, '0'), v_part);
    end loop;
end
$$;
insert into memory_unlinked (space_id, memory_id) select space_id, id from memory_memory;
"""

POLICY = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_space on {table} to engram_app
    using (space_id = nullif(current_setting('engram.space_id', true), '')::uuid)
    with check (space_id = nullif(current_setting('engram.space_id', true), '')::uuid);
grant select, insert, update, delete on {table} to engram_app;
"""


def key(*columns):
    return "pk", models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


ENTITY = migrations.CreateModel(
    name="Entity",
    fields=[
        key("space_id", "name", "memory_id"),
        ("space_id", models.UUIDField()),
        ("name", models.TextField()),
        ("memory_id", models.UUIDField()),
    ],
    options={"verbose_name_plural": "entities"},
)
UNLINKED = migrations.CreateModel(
    name="Unlinked",
    fields=[key("space_id", "memory_id"), ("space_id", models.UUIDField()), ("memory_id", models.UUIDField())],
    options={"verbose_name_plural": "unlinked"},
)


class Migration(migrations.Migration):
    dependencies = [("memory", "0008_headings")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLES, "drop table memory_unlinked, memory_entity"),
                migrations.RunSQL(POLICY.format(table="memory_entity"), migrations.RunSQL.noop),
                migrations.RunSQL(POLICY.format(table="memory_unlinked"), migrations.RunSQL.noop),
            ],
            state_operations=[ENTITY, UNLINKED],
        ),
    ]
