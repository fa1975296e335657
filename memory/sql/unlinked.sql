-- Memories whose names are to be read, and how many were read in them before. Until the transaction ends nobody gives them another
-- content or forgets them.
select m.id, m.content, (select count(*) from memory_entity e where e.space_id = %(space_id)s and e.memory_id = m.id)
from memory_unlinked u
join memory_memory m on m.space_id = %(space_id)s and m.id = u.memory_id
where u.space_id = %(space_id)s
order by m.id
limit %(limit)s
for key share of m
