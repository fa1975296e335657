-- Take an idempotency key for this request, waiting for whoever is using it now; false if it has been used within the day.
insert into memory_idempotencykey as held (space_id, actor_id, key, request_hash)
values (%(space_id)s, %(actor_id)s, %(key)s, %(request_hash)s)
on conflict (space_id, actor_id, key) do update
    set request_hash = excluded.request_hash, answer = null, created_at = now()
    where held.created_at < now() - interval '1 day'
returning true
