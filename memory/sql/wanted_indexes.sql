-- The tiers of spaces that should have an index: large ones, and those that have one and hold half of that still; the largest
-- first, one with an index counting double, so that two of a size do not take each other's place by turns.
-- Run as the owner, who sees all spaces.
with held as (
    select t.space_id, t.tier, sum(t.memories)::bigint as memories, engram_ann_name(t.space_id, t.tier) as index
    from memory_tally t where t.tier in ('hot', 'warm')
    group by t.space_id, t.tier
)
select held.index, s.id, s.name, held.tier, held.memories, leaf.name, s.embedding_dimension
from held
cross join lateral (select case when to_regclass('public.' || held.index) is null then 1 else 2 end as share) standing
join tenants_space s on s.id = held.space_id and s.status = 'active' and s.embedding_dimension <= 4000
cross join lateral (
    select c.relname::text as name
    from memory_embedding e join pg_class c on c.oid = e.tableoid
    where e.space_id = held.space_id and e.tier = held.tier limit 1
) leaf
where held.memories * standing.share >= %(min_memories)s
order by held.memories * standing.share desc, held.index
limit %(max_indexes)s
