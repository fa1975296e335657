-- Count the space's lexemes anew, writing only what changed; cold memories have none. Returns how many rows were written.
with counted as (
    select lexeme, count(*)::integer as memories
    from memory_memory m cross join lateral unnest(tsvector_to_array(m.lexemes)) lexeme
    where m.space_id = %(space_id)s
    group by lexeme
    union all
    select '', count(*)::integer from memory_memory m where m.space_id = %(space_id)s and m.tier <> 'cold'
),
gone as (
    delete from memory_lexeme l
    where l.space_id = %(space_id)s and not exists (select from counted where counted.lexeme = l.lexeme)
    returning 1
),
written as (
    insert into memory_lexeme as l (space_id, lexeme, memories, counted_at)
    select %(space_id)s::uuid, lexeme, memories, case when lexeme = '' then now() end from counted order by lexeme
    on conflict (space_id, lexeme) do update set memories = excluded.memories, counted_at = excluded.counted_at
        where l.memories <> excluded.memories or l.lexeme = ''
    returning 1
)
select (select count(*) from gone) + (select count(*) from written)
