-- How lively several spaces were lately.
select p.space_id, p.newest_at, p.busiest from engram_pulse(%(space_ids)s, %(since)s) p
