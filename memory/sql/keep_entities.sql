-- Let memories hold these names and no others, and count as read. Returns each name that came or went with by how many memories it is
-- held more than before.
with given as materialized (
    select g.memory_id, g.name from unnest(%(named)s::uuid[], %(names)s::text[]) g (memory_id, name)
),
gone as (
    delete from memory_entity e
    where e.space_id = %(space_id)s and e.memory_id = any(%(ids)s::uuid[])
      and not exists (select from given where given.memory_id = e.memory_id and given.name = e.name)
    returning e.name
),
come as (
    insert into memory_entity (space_id, name, memory_id)
    select %(space_id)s::uuid, name, memory_id from given order by name, memory_id
    on conflict do nothing
    returning name
),
read as (
    delete from memory_unlinked where space_id = %(space_id)s and memory_id = any(%(ids)s::uuid[])
)
select name, sum(change)::integer from (select name, 1 as change from come union all select name, -1 from gone) changed group by name
