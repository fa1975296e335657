-- Activation from some memories, each starting at 1, with what is needed to show them.
select m.id, m.content, m.kind, m.session, m.tier, least(1, s.initial + s.received) as activation, s.depth,
       string_to_array(s.path, ',')::uuid[] as path
from engram_spread(
    %(space_id)s, %(ids)s::uuid[], array_fill(1::double precision, array[cardinality(%(ids)s::uuid[])]), %(depth)s,
    %(decay)s::double precision, %(threshold)s::double precision, %(fan_out)s, %(frontier)s) s
cross join lateral (
    select m.id, m.content, m.kind, m.session, m.tier
    from memory_memory m
    where m.space_id = %(space_id)s and m.id = s.memory_id and (m.expires_at is null or m.expires_at > now())
    offset 0  -- keeps it a look-up of each: see engram_recall
) m
order by activation desc, s.depth, m.id
limit %(limit)s
