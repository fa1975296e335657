"""Let the planner take all spaces for alike, each for a fiftieth of its partition, whatever was in there when statistics were made.

A space that they do not know would be taken for empty, and read whole for each memory that is looked up, by foreign keys too: by an
index that begins with ``space_id`` as the key does. ANALYZE leaves this column's statistics as they are from now on.
"""

from django.db import migrations

EACH_TABLE = r"""
do $$
declare
    v_table record;
begin
    for v_table in
        select c.oid::regclass as name, c.relname::text, c.relispartition, c.relkind = 'r' as holds_rows
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'space_id'
        where c.relnamespace = 'public'::regnamespace and c.relname like 'memory\_%' and c.relkind in ('r', 'p')
    loop
        -- Partitions take after their table.
        if not v_table.relispartition then
            execute format('alter table %s alter column space_id set statistics {target}', v_table.name);
        end if;
        perform pg_clear_attribute_stats('public', v_table.relname, 'space_id', not v_table.holds_rows);
        {then}
    end loop;
end
$$
"""
A_FIFTIETH = """
        if v_table.holds_rows then
            perform pg_restore_attribute_stats(
                'schemaname', 'public', 'relname', v_table.relname, 'attname', 'space_id', 'inherited', false,
                'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 50::real);
        end if;
"""
PIN = EACH_TABLE.format(target="0", then=A_FIFTIETH)
LET_GO = EACH_TABLE.format(target="default", then="")


class Migration(migrations.Migration):
    dependencies = [("memory", "0013_import_turn")]
    operations = [migrations.RunSQL(PIN, LET_GO)]
