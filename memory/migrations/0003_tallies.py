"""How many memories each space holds in each tier, and how many bytes of text, kept exact by triggers.

A space's tally is spread over sixteen rows, of which each database session writes one, so that writers of the same space do not
wait for each other. Triggers run once a statement, whatever path the rows took.
"""

from django.db import migrations, models

TABLE = """
create table memory_tally (
    space_id uuid not null references tenants_space (id),
    tier text not null check (tier in ('hot', 'warm', 'cold')),
    shard smallint not null check (shard between 0 and 15),
    memories bigint not null,
    bytes bigint not null,
    primary key (space_id, tier, shard)
) partition by hash (space_id);
do $$
begin
    for v_part in 0 .. 15 loop
        execute format(
            'create table %I partition of memory_tally for values with (modulus 16, remainder %s)',
            'memory_tally_p' || lpad(v_part::text, 2, '0'), v_part);
    end loop;
end
$$;
alter table memory_tally enable row level security;
alter table memory_tally force row level security;
create policy memory_tally_space on memory_tally to engram_app
    using (space_id = nullif(current_setting('engram.space_id', true), '')::uuid)
    with check (space_id = nullif(current_setting('engram.space_id', true), '')::uuid);
grant select, insert, update, delete on memory_tally to engram_app;
"""

TRIGGERS = """
create function memory_text_bytes(content text, metadata jsonb) returns bigint language sql immutable as $$
    select (octet_length(content) + octet_length(metadata::text))::bigint
$$;

-- Transition tables exist for the one event that a trigger is for, so each event has its own function over the same sum.
create function memory_count_added() returns trigger language plpgsql as $$
begin
    insert into memory_tally as held (space_id, tier, shard, memories, bytes)
    select m.space_id, m.tier, (pg_backend_pid() % 16)::smallint, count(*), sum(memory_text_bytes(m.content, m.metadata))
    from added m group by m.space_id, m.tier order by 1, 2
    on conflict (space_id, tier, shard) do update
        set memories = held.memories + excluded.memories, bytes = held.bytes + excluded.bytes;
    return null;
end
$$;
create function memory_count_removed() returns trigger language plpgsql as $$
begin
    insert into memory_tally as held (space_id, tier, shard, memories, bytes)
    select m.space_id, m.tier, (pg_backend_pid() % 16)::smallint, -count(*), -sum(memory_text_bytes(m.content, m.metadata))
    from removed m group by m.space_id, m.tier order by 1, 2
    on conflict (space_id, tier, shard) do update
        set memories = held.memories + excluded.memories, bytes = held.bytes + excluded.bytes;
    return null;
end
$$;
create function memory_count_changed() returns trigger language plpgsql as $$
begin
    insert into memory_tally as held (space_id, tier, shard, memories, bytes)
    select space_id, tier, (pg_backend_pid() % 16)::smallint, sum(memories), sum(bytes)
    from (
        select m.space_id, m.tier, 1 as memories, memory_text_bytes(m.content, m.metadata) as bytes from added m
        union all
        select m.space_id, m.tier, -1, -memory_text_bytes(m.content, m.metadata) from removed m
    ) change
    group by space_id, tier
    having sum(memories) <> 0 or sum(bytes) <> 0
    order by space_id, tier
    on conflict (space_id, tier, shard) do update
        set memories = held.memories + excluded.memories, bytes = held.bytes + excluded.bytes;
    return null;
end
$$;
create trigger memory_memory_count_added after insert on memory_memory
    referencing new table as added for each statement execute function memory_count_added();
create trigger memory_memory_count_removed after delete on memory_memory
    referencing old table as removed for each statement execute function memory_count_removed();
create trigger memory_memory_count_changed after update on memory_memory
    referencing old table as removed new table as added for each statement execute function memory_count_changed();
"""

# Making the triggers has locked out writers until the migration commits.
COUNT_WHAT_IS_THERE = """
insert into memory_tally (space_id, tier, shard, memories, bytes)
select space_id, tier, 0, count(*), sum(memory_text_bytes(content, metadata)) from memory_memory group by space_id, tier
"""


class Migration(migrations.Migration):
    dependencies = [("memory", "0002_policies")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLE, "drop table memory_tally"),
                migrations.RunSQL(
                    TRIGGERS,
                    "drop function memory_count_added, memory_count_removed, memory_count_changed, memory_text_bytes cascade",
                ),
                migrations.RunSQL(COUNT_WHAT_IS_THERE, migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Tally",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "space_id",
                                "tier",
                                "shard",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("space_id", models.UUIDField()),
                        ("tier", models.TextField(choices=[("hot", "Hot"), ("warm", "Warm"), ("cold", "Cold")])),
                        ("shard", models.SmallIntegerField()),
                        ("memories", models.BigIntegerField()),
                        ("bytes", models.BigIntegerField()),
                    ],
                    options={"verbose_name_plural": "tallies"},
                )
            ],
        ),
    ]
