-- Let others build and drop indexes.
select pg_advisory_unlock_all()
