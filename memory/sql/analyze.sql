-- Bring the planner's statistics of the space's tables up to date.
select engram_analyze(%(space_id)s)
