-- How many memories the space holds in each tier, and how many bytes of text.
select t.tier, sum(t.memories)::bigint, sum(t.bytes)::bigint
from memory_tally t
where t.space_id = %(space_id)s
group by t.tier
