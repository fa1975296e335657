-- Reinforce recalled memories, each by all of its recalls; a warm or cold one also keeps the newest of them. Rows are locked in the
-- order in which remembering locks them, so that the two cannot wait for each other. Returns those that are not hot.
with recalled as materialized (
    select r.id, array_agg(least(r.at, now()) order by r.at) as times
    from unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) r (id, at)
    group by r.id
),
held as materialized (
    select m.id from memory_memory m
    where m.space_id = %(space_id)s and m.id = any(%(ids)s::uuid[])
    order by m.content_hash
    for no key update of m
),
reinforced as (
    update memory_memory m
    set recall_count = m.recall_count + cardinality(recalled.times),
        -- Not later than now, even if it was of a clock that has been put back since.
        last_recalled_at = least(now(), greatest(m.last_recalled_at, recalled.times[cardinality(recalled.times)])),
        stability = engram_reinforced_by(m.stability, coalesce(m.last_recalled_at, m.created_at), recalled.times),
        recent_recalls = case when m.tier <> 'hot' then engram_recent(m.recent_recalls, recalled.times, now(), %(often)s) end
    from recalled
    where m.space_id = %(space_id)s and m.id = any(array(select id from held)) and m.id = recalled.id
    returning m.id, m.tier
)
select id from reinforced where tier <> 'hot'
