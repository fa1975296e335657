-- Until the transaction ends, write beside the space's other writers; or alone, where it holds more than leaves room for them all.
select case when coalesce(sum(t.memories), 0) > %(alone_above)s
            then pg_advisory_xact_lock(hashtextextended('capacity:' || %(space_id)s::text, 0))
            else pg_advisory_xact_lock_shared(hashtextextended('capacity:' || %(space_id)s::text, 0)) end
from memory_tally t
where t.space_id = %(space_id)s
