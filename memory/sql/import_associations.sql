-- Store associations as they are; one that is there already stays as it is. Returns how many are new.
with stored as (
    insert into memory_association (space_id, source_id, target_id, kind, weight, reinforced, created_at)
    select %(space_id)s::uuid, link.*
    from unnest(
        %(sources)s::uuid[], %(targets)s::uuid[], %(kinds)s::text[], %(weights)s::real[], %(reinforced)s::integer[],
        %(created)s::timestamptz[]
    ) link (source_id, target_id, kind, weight, reinforced, created_at)
    order by link.source_id, link.target_id, link.kind
    on conflict do nothing
    returning 1
)
select count(*) from stored
