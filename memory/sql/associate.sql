-- Store associations; one that is there already takes the new weight.
insert into memory_association (space_id, source_id, target_id, kind, weight)
select %(space_id)s::uuid, link.source_id, link.target_id, %(kind)s, link.weight
from unnest(%(sources)s::uuid[], %(targets)s::uuid[], %(weights)s::real[]) link (source_id, target_id, weight)
order by link.source_id, link.target_id
on conflict (space_id, source_id, target_id, kind) do update set weight = excluded.weight
