-- The associations between these memories and those of smaller ids, as lines of an export: what they name came before them.
with link as (
    select a.*, a.target_id as earlier from memory_association a
    where a.space_id = %(space_id)s and a.source_id = any(%(ids)s::uuid[]) and a.target_id < a.source_id
    union all
    select a.*, a.source_id from memory_association a
    where a.space_id = %(space_id)s and a.target_id = any(%(ids)s::uuid[]) and a.source_id < a.target_id
)
select row_to_json(line)::text
from link
join memory_memory m on m.space_id = %(space_id)s and m.id = link.earlier and (m.expires_at is null or m.expires_at > now())
cross join lateral (
    select 'association' as type, link.source_id as source, link.target_id as target, link.kind, link.weight, link.reinforced,
           link.created_at, link.reinforced_at
) line
order by link.source_id, link.target_id, link.kind
