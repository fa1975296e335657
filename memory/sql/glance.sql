-- What several spaces hold and were asked lately.
select g.space_id, g.hot, g.warm, g.cold, g.newest_at, g.busiest, g.limited, g.failed from engram_glance(%(space_ids)s, %(since)s) g
