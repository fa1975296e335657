"""Let the planner take all spaces for alike, each for a fiftieth of its partition, whatever was in there when statistics were made.

A space that they do not know would be taken for empty, and read whole for each memory that is looked up, by foreign keys too: by an
index that begins with ``space_id`` as the key does. ANALYZE leaves this column's statistics as they are from now on.
"""

from django.db import migrations

PIN = r"""
do $$
declare
    v_table record;
begin
    for v_table in
        select c.oid::regclass as name, c.relname, c.relispartition, c.relkind = 'r' as holds_rows
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'space_id'
        where c.relnamespace = 'public'::regnamespace and c.relname like 'memory\_%' and c.relkind in ('r', 'p')
    loop
        if not v_table.relispartition then
            execute format('alter table %s alter column space_id set statistics 0', v_table.name);
        end if;
        perform pg_clear_attribute_stats('public', v_table.relname, 'space_id', not v_table.holds_rows);
        if v_table.holds_rows then
            perform pg_restore_attribute_stats(
                'schemaname', 'public', 'relname', v_table.relname::text, 'attname', 'space_id', 'inherited', false,
                'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 50::real);
        end if;
    end loop;
end
$$
"""
LET_GO = r"""
do $$
declare
    v_table record;
begin
    for v_table in
        select c.oid::regclass as name, c.relname, c.relispartition
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'space_id'
        where c.relnamespace = 'public'::regnamespace and c.relname like 'memory\_%' and c.relkind in ('r', 'p')
    loop
        if not v_table.relispartition then
            execute format('alter table %s alter column space_id set statistics default', v_table.name);
        end if;
        perform pg_clear_attribute_stats('public', v_table.relname, 'space_id', false);
    end loop;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("memory", "0013_import_turn")]
    operations = [migrations.RunSQL(PIN, LET_GO)]
