-- Of ids that an import's file has for memories, those that the space does not know by the same id: each with the space's own, or
-- null if there is none. What the space holds is kept from being forgotten until the transaction ends.
-- Arrays, and no joins, so that memories and aliases are looked up by their keys, however many there are.
with asked as materialized (
    select id from unnest(%(ids)s::uuid[]) asked (id)
),
given as materialized (
    select asked.id, coalesce(alias.held, asked.id) as held
    from asked
    left join (
        select a.given, a.held from memory_importalias a
        where a.space_id = %(space_id)s and a.import_id = %(import_id)s and a.given = any (array(select asked.id from asked))
    ) alias on alias.given = asked.id
),
held as materialized (
    select m.id from memory_memory m
    where m.space_id = %(space_id)s and m.id = any (array(select given.held from given))
    order by m.id
    for key share
)
select given.id::text, held.id::text
from given left join held on held.id = given.held
where held.id is distinct from given.id
