-- What each of some spaces holds, by tier; a space that holds nothing has no row.
select counted_space_id, counted_tier, counted_memories, counted_bytes from engram_counts_by_space(%(space_ids)s::uuid[])
