-- Store associations as they are; one that is there already stays as it is. Returns how many are new.
with stored as (
    insert into memory_association (space_id, source_id, target_id, kind, weight, reinforced, created_at, reinforced_at)
    select %(space_id)s::uuid, link.source, link.target, link.kind, link.weight, link.reinforced,
           coalesce(link.created_at, now()), link.reinforced_at
    from json_to_recordset(%(links)s) link (
        source uuid, target uuid, kind text, weight real, reinforced integer, created_at timestamptz, reinforced_at timestamptz)
    order by link.source, link.target, link.kind
    on conflict do nothing
    returning 1
)
select count(*) from stored
