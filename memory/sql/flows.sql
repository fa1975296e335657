-- The associations between some memories, each memory with the hop it was reached in, along which activation went one hop on.
select a.source_id, a.target_id, a.kind, a.weight
from unnest(%(ids)s::uuid[], %(depths)s::integer[]) source (id, depth)
join memory_association a on a.space_id = %(space_id)s and a.source_id = source.id
join unnest(%(ids)s::uuid[], %(depths)s::integer[]) target (id, depth) on target.id = a.target_id and target.depth = source.depth + 1
order by a.source_id, a.target_id, a.kind
