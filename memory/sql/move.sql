-- Move memories from one tier to another; the foreign key takes their vectors along, triggers their tallies. Those that are not
-- in the tier any more, or that somebody is changing, stay where they are. Returns how many moved.
with chosen as materialized (
    select m.ctid as place from memory_memory m
    where m.space_id = %(space_id)s and m.id = any(%(ids)s::uuid[]) and m.tier = %(source)s
    order by m.id
    for update skip locked
),
moved as (
    update memory_memory m set tier = %(target)s, recent_recalls = null
    where m.space_id = %(space_id)s and m.ctid = any(array(select place from chosen))
    returning 1
)
select count(*) from moved
