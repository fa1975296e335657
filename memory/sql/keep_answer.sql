-- Keep the answer to give it again.
update memory_idempotencykey set answer = %(answer)s::jsonb
where space_id = %(space_id)s and actor_id = %(actor_id)s and key = %(key)s
