-- The associations between some memories, each memory with the hop it was reached in, along which activation went one hop on.
-- Whatever the planner takes the numbers of memories for, associations are looked up by their source, and their targets in a hash:
-- "offset 0" and "is true" keep both from becoming joins.
select a.source_id, a.target_id, a.kind, a.weight
from unnest(%(ids)s::uuid[], %(depths)s::integer[]) source (id, depth)
cross join lateral (
    select a.source_id, a.target_id, a.kind, a.weight
    from memory_association a
    where a.space_id = %(space_id)s and a.source_id = source.id
    offset 0
) a
where ((a.target_id, source.depth + 1) in (select * from unnest(%(ids)s::uuid[], %(depths)s::integer[]))) is true
order by a.source_id, a.target_id, a.kind
