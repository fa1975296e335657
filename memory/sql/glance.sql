-- What several spaces hold, and what of them needs attention.
select g.space_id, g.hot, g.warm, g.cold, g.limited, g.failed from engram_glance(%(space_ids)s, %(since)s) g
