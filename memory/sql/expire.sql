-- Delete memories whose time is up, with all that hangs on them. Returns how many.
with due as materialized (
    select m.ctid as place from memory_memory m
    where m.space_id = %(space_id)s and m.expires_at <= now()
    order by m.expires_at
    limit %(limit)s
    for update skip locked
),
gone as (
    delete from memory_memory m where m.space_id = %(space_id)s and m.ctid = any(array(select place from due))
    returning 1
)
select count(*) from gone
