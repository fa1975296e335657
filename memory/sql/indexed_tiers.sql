-- The tiers of the space that an index of their own is searched by.
select tier from unnest(array['hot', 'warm']) tier where engram_has_ann(%(space_id)s, tier)
