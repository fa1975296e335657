-- A memory that has not expired.
select id, content, kind, confidence, session, metadata, observed_at, created_at, updated_at, expires_at, tier, recall_count,
       last_recalled_at
from memory_memory
where space_id = %(space_id)s and id = %(id)s and (expires_at is null or expires_at > now())
