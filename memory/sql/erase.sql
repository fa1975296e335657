-- Delete some of the space's rows of a table. Returns how many.
select engram_erase(%(space_id)s, %(table)s::regclass, %(limit)s)
