-- How many memories and bytes each space holds in each tier; the function belongs to the owner, who sees all spaces.
select space, tier, memories, bytes from engram_space_sizes(%(most)s)
