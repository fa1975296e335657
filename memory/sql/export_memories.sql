-- The next memories of the space by id, each as a line of an export: its id and its JSON.
select m.id, row_to_json(line)::text
from memory_memory m
left join memory_embedding e on %(vectors)s and e.space_id = %(space_id)s and e.memory_id = m.id and e.tier = m.tier
cross join lateral (
    select 'memory' as type, m.id, m.content, m.kind, m.confidence, m.session, m.metadata, m.observed_at, m.created_at,
           m.updated_at, m.expires_at, m.tier, m.stability, m.recall_count, m.last_recalled_at, m.recent_recalls,
           engram_vector(e)::text::json as embedding
) line
where m.space_id = %(space_id)s and (%(after)s::uuid is null or m.id > %(after)s::uuid)
  and (m.expires_at is null or m.expires_at > now())
order by m.id
limit %(limit)s
