-- Read the words of the space's next memories by id anew; cold ones have none to read. Rows are locked in the order in which
-- remembering locks them, so that the two cannot wait for each other. Returns the last of them, none if there was none.
with next as materialized (
    select m.id from memory_memory m
    where m.space_id = %(space_id)s and m.id > %(after)s
    order by m.id
    limit %(limit)s
),
held as materialized (
    select m.id from memory_memory m
    where m.space_id = %(space_id)s and m.id = any(array(select id from next)) and m.tier <> 'cold'
    order by m.content_hash
    for no key update of m
),
language as materialized (
    select engram_text_search(%(space_id)s) as config
),
reread as (
    update memory_memory m set lexemes = engram_lexemes(m.content, language.config)
    from language where m.space_id = %(space_id)s and m.id = any(array(select id from held))
)
select id from next order by id desc limit 1
