-- What several spaces hold and were asked lately: three rows a space, one for each tier.
select g.space_id, g.tier, g.memories, g.newest_at, g.busiest, g.limited from engram_glance(%(space_ids)s, %(since)s) g
