-- Reinforce recalled memories, each by all of its recalls; a warm or cold one also keeps the newest of them. Rows are locked in the
-- order in which remembering locks them, so that the two cannot wait for each other.
-- Returns those that have earned another tier: cold ones, and warm ones recalled often enough of late.
with recalled as materialized (
    select r.id, array_agg(least(r.at, now()) order by r.at) as times
    from unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) r (id, at)
    group by r.id
),
held as materialized (
    select m.id from memory_memory m join recalled using (id)
    where m.space_id = %(space_id)s
    order by m.content_hash
    for no key update of m
),
reinforced as (
    update memory_memory m
    set recall_count = m.recall_count + cardinality(recalled.times),
        last_recalled_at = greatest(m.last_recalled_at, recalled.times[cardinality(recalled.times)]),
        stability = engram_reinforced_by(m.stability, coalesce(m.last_recalled_at, m.created_at), recalled.times),
        recent_recalls = case when m.tier <> 'hot' then array(
            select at from (select at from unnest(m.recent_recalls || recalled.times) at order by at desc limit %(often)s) newest
            order by at) end
    from held join recalled using (id)
    where m.space_id = %(space_id)s and m.id = held.id
    returning m.id, m.tier, m.recent_recalls
)
select id, tier from reinforced
where tier = 'cold'
   or tier = 'warm' and cardinality(recent_recalls) >= %(often)s
      and recent_recalls[%(often)s] - recent_recalls[1] <= make_interval(hours => %(hours)s)
