-- Let memories that have earned it rise by a tier: cold ones by being recalled at all, warm ones by being recalled often enough of late.
-- Those that somebody is changing stay where they are until the next time. Returns how many rose from which tier.
with chosen as materialized (
    select m.ctid as place from memory_memory m
    where m.space_id = %(space_id)s and m.id = any(%(ids)s::uuid[])
      and (m.tier = 'cold'
           or m.tier = 'warm' and cardinality(m.recent_recalls) >= %(often)s
              and m.recent_recalls[%(often)s] - m.recent_recalls[1] <= make_interval(hours => %(hours)s))
    order by m.id
    for update skip locked
),
risen as (
    update memory_memory m
    set tier = case m.tier when 'cold' then 'warm' else 'hot' end,
        recent_recalls = case m.tier when 'cold' then m.recent_recalls end
    where m.space_id = %(space_id)s and m.ctid = any(array(select place from chosen))
    returning old.tier
)
select tier, count(*) from risen group by tier
