-- One task of a kind at a time per space, until the transaction ends; false if another worker is at it.
select pg_try_advisory_xact_lock(hashtextextended(%(task)s || ':' || %(space_id)s::text, 0))
