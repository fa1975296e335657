-- Delete idempotency keys of the space that are a day old, which nobody is held to any more. Returns how many.
with due as materialized (
    select k.actor_id, k.key from memory_idempotencykey k
    where k.space_id = %(space_id)s and k.created_at < now() - interval '1 day'
    order by k.created_at
    limit %(limit)s
    for update skip locked
),
gone as (
    delete from memory_idempotencykey k using due
    where k.space_id = %(space_id)s and k.actor_id = due.actor_id and k.key = due.key
    returning 1
)
select count(*) from gone
