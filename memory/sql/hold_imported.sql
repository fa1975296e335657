-- The memories of the space that an import's file knows by these ids. They are kept from being forgotten until the transaction
-- ends.
select given.id::text, m.id::text
from unnest(%(ids)s::uuid[]) given (id)
left join memory_importalias alias
    on alias.space_id = %(space_id)s and alias.import_id = %(import_id)s and alias.given = given.id
join memory_memory m on m.space_id = %(space_id)s and m.id = coalesce(alias.held, given.id)
order by m.id
for key share of m
