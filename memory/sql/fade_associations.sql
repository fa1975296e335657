-- Let hebbian associations fade that were not looked at for a day, and drop those that have come to nothing. Returns how many.
with due as materialized (
    select a.ctid as place, engram_associated(a.weight, a.reinforced_at, now(), 0) as weight
    from memory_association a
    where a.space_id = %(space_id)s and a.kind = 'hebbian' and a.reinforced_at < now() - interval '1 day'
    order by a.reinforced_at
    limit %(limit)s
    for update skip locked
),
dropped as (
    delete from memory_association a
    where a.space_id = %(space_id)s and a.ctid = any(array(select place from due where due.weight < 0.02))
),
faded as (
    update memory_association a set weight = engram_associated(a.weight, a.reinforced_at, now(), 0), reinforced_at = now()
    where a.space_id = %(space_id)s and a.ctid = any(array(select place from due where due.weight >= 0.02))
)
select count(*) from due
