-- Be the only one that builds and drops indexes, for as long as the connection lasts; false if somebody else is.
select pg_try_advisory_lock(hashtextextended('reconcile_indexes', 0))
