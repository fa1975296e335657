-- Strengthen the associations between memories that were recalled together, both ways. Those forgotten meanwhile are left out.
with held as materialized (
    select m.id from memory_memory m where m.space_id = %(space_id)s and m.id = any(%(sources)s::uuid[] || %(targets)s::uuid[])
)
insert into memory_association as a (space_id, source_id, target_id, kind, weight, reinforced, reinforced_at)
select %(space_id)s::uuid, pair.source_id, pair.target_id, 'hebbian', engram_associated(0, now(), now(), count(*)::integer),
       count(*), now()
from (
    select source_id, target_id from unnest(%(sources)s::uuid[], %(targets)s::uuid[]) p (source_id, target_id)
    union all
    select target_id, source_id from unnest(%(sources)s::uuid[], %(targets)s::uuid[]) p (source_id, target_id)
) pair
-- "is true" keeps these look-ups in a hash, however few memories the planner takes them to be.
where (pair.source_id in (select id from held)) is true and (pair.target_id in (select id from held)) is true
group by pair.source_id, pair.target_id
order by pair.source_id, pair.target_id
on conflict (space_id, source_id, target_id, kind) do update
    set weight = engram_associated(a.weight, coalesce(a.reinforced_at, a.created_at), now(), excluded.reinforced),
        reinforced = a.reinforced + excluded.reinforced,
        reinforced_at = now()
