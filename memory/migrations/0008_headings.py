"""What a memory's heading says is marked among its lexemes, in those that are there already too.

The function that new ones are marked by is ``memory/sql/functions/engram_lexemes.sql``.
"""

from django.db import migrations

READ_WORDS = """
create or replace function memory_read_words() returns trigger language plpgsql as $$
begin
    new.lexemes := {lexemes};
    return new;
end
$$
"""

# A transaction for each batch, so that nobody waits for longer than one takes. It may be run again.
MARK = r"""
do $$
declare
    v_heading constant text := '^([^:\n]{1,60})(?::\s|\n)';
    v_space uuid := '00000000-0000-0000-0000-000000000000';
    v_id uuid := v_space;
begin
    loop
        with batch as materialized (
            select space_id, id, content from memory_memory
            where (space_id, id) > (v_space, v_id) order by space_id, id limit 2000
        ),
        marked as (
            update memory_memory m
            set lexemes = setweight(to_tsvector('english', substring(m.content from v_heading)), 'A')
                || to_tsvector('english', m.content)
            from batch
            where m.space_id = batch.space_id and m.id = batch.id and m.tier <> 'cold' and m.content ~ v_heading
        )
        select space_id, id into v_space, v_id from batch order by space_id desc, id desc limit 1;
        exit when not found;
        commit;
    end loop;
end
$$
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("memory", "0007_reinforcement")]
    operations = [
        migrations.RunSQL(
            READ_WORDS.format(lexemes="engram_lexemes(new.content)"),
            READ_WORDS.format(lexemes="to_tsvector('english', new.content)"),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
