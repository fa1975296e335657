-- Associate memories by the rare names that they share: each name adds 1 / (n - 1) between the n memories that hold it, the fan effect
-- again, and names that more than %(most)s hold add nothing. What a memory's associations weigh together is at most 1.
-- Made anew for these memories and for all that hold a name of which some came or went; only what changed is written. Returns how many.
with named as (
    select held.memory_id as id
    from unnest(%(names)s::text[], %(changes)s::integer[]) changed (name, change)
    cross join lateral (
        select e.memory_id, count(*) over () as n
        from (
            select memory_id from memory_entity where space_id = %(space_id)s and name = changed.name
            limit %(most)s + abs(changed.change) + 1
        ) e
    ) held
    -- A name that was common before and is still ties nobody, however many hold it.
    where least(held.n, held.n - changed.change) <= %(most)s
),
sources as materialized (
    select id from named union select id from unnest(%(ids)s::uuid[]) given (id)
),
held_names as materialized (
    select sources.id, own.name
    from sources
    cross join lateral (
        select name from memory_entity where space_id = %(space_id)s and memory_id = sources.id
        offset 0  -- keeps this a look-up for each source
    ) own
),
rare as materialized (
    select own.name, held.memory_id, held.n
    from (select distinct name from held_names) own
    cross join lateral (
        select e.memory_id, count(*) over () as n
        from (select memory_id from memory_entity where space_id = %(space_id)s and name = own.name limit %(most)s + 1) e
    ) held
    where held.n between 2 and %(most)s
),
shared as materialized (
    select held_names.id as source_id, rare.memory_id as target_id, sum(1.0::double precision / (rare.n - 1)) as strength
    from held_names join rare using (name)
    where rare.memory_id <> held_names.id
    group by held_names.id, rare.memory_id
),
-- Forgetting waits for this, or this for it.
alive as materialized (
    select m.id from memory_memory m
    where m.space_id = %(space_id)s and m.id = any(array(select source_id from shared union select target_id from shared))
    order by m.id
    for key share
),
ranked as (
    select shared.*, row_number() over (partition by source_id order by strength desc, target_id) as rank
    from shared
    -- "is true" keeps these and those below look-ups in a hash, however few the planner takes them to be.
    where (source_id in (select id from alive)) is true and (target_id in (select id from alive)) is true
),
wanted as materialized (
    select source_id, target_id, least(1, strength / greatest(1, sum(strength) over (partition by source_id)))::real as weight
    from ranked where rank <= %(fan_out)s
),
gone as (
    delete from memory_association a using sources
    where a.space_id = %(space_id)s and a.source_id = sources.id and a.kind = 'entity'
      and ((a.source_id, a.target_id) in (select source_id, target_id from wanted)) is not true
    returning 1
),
made as (
    insert into memory_association as a (space_id, source_id, target_id, kind, weight)
    select %(space_id)s::uuid, source_id, target_id, 'entity', weight from wanted order by source_id, target_id
    on conflict (space_id, source_id, target_id, kind) do update set weight = excluded.weight where a.weight <> excluded.weight
    returning 1
)
select (select count(*) from gone) + (select count(*) from made)
