-- How many memories the space holds in all.
select coalesce(sum(t.memories), 0)::bigint from memory_tally t where t.space_id = %(space_id)s
