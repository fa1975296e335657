-- How many memories the space has in each tier, and when the newest came.
select m.tier, count(*), max(m.created_at)
from memory_memory m
where m.space_id = %(space_id)s
group by m.tier
