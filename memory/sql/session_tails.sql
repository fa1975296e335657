-- The newest memory of each of these sessions: what the next one follows. It is kept from being forgotten meanwhile.
select wanted.session, tail.id
from unnest(%(sessions)s::text[]) wanted (session)
cross join lateral (
    select m.id from memory_memory m
    where m.space_id = %(space_id)s and m.session = wanted.session
    order by m.id desc
    limit 1
    for key share
) tail
