-- Writers take turns where a space is nearly full, until their transactions end.
select pg_advisory_xact_lock(hashtextextended('capacity:' || %(space_id)s::text, 0))
