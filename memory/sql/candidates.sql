-- The memories of a tier that come least readily to mind and have been idle for some days at least, and how many there are in all.
select m.id, r.retrievability, extract(epoch from now() - s.since)::double precision / 86400 as idle_days, count(*) over ()
from memory_embedding e
join memory_memory m on m.space_id = %(space_id)s and m.id = e.memory_id
cross join lateral (select coalesce(m.last_recalled_at, m.created_at) as since) s
cross join lateral engram_retrievability(m.stability, s.since, now()) r (retrievability)
where e.space_id = %(space_id)s and e.tier = %(tier)s and s.since <= now() - make_interval(days => %(idle_days)s)
order by r.retrievability, m.id
limit %(limit)s
