-- What a claimed idempotency key was used for, and its answer.
select request_hash, answer from memory_idempotencykey
where space_id = %(space_id)s and actor_id = %(actor_id)s and key = %(key)s
