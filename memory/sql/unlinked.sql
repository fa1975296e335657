-- Memories whose names are to be read, and how many were read in them before. Until the transaction ends nobody gives them another
-- content or forgets them.
select m.id, m.content, (select count(*) from memory_entity e where e.space_id = %(space_id)s and e.memory_id = m.id)
from (select memory_id from memory_unlinked where space_id = %(space_id)s order by memory_id limit %(limit)s) u
cross join lateral (
    select m.id, m.content from memory_memory m where m.space_id = %(space_id)s and m.id = u.memory_id
    for key share
) m
order by m.id
