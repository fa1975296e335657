-- Activation from some memories, each starting at 1, with what is needed to show them.
select m.id, m.content, m.kind, m.session, m.tier, least(1, s.initial + s.received) as activation, s.depth, s.path
from engram_spread(
    %(space_id)s, %(ids)s::uuid[], array_fill(1::double precision, array[cardinality(%(ids)s::uuid[])]), %(depth)s,
    %(decay)s::double precision, %(threshold)s::double precision, %(fan_out)s, %(frontier)s) s
join memory_memory m on m.space_id = %(space_id)s and m.id = s.memory_id and (m.expires_at is null or m.expires_at > now())
order by activation desc, s.depth, m.id
limit %(limit)s
