-- Store associations as they are; one that is there already stays as it is. A memory that the file knows by the id given[n] is held[n]
-- in the space: where two of the file's are one there, nothing leads from it to itself. Returns how many are new.
with other as materialized (
    select other.given, other.held from unnest(%(given)s::uuid[], %(held)s::uuid[]) other (given, held)
),
stored as (
    insert into memory_association (space_id, source_id, target_id, kind, weight, reinforced, created_at, reinforced_at)
    select %(space_id)s::uuid, ends.source, ends.target, link.kind, link.weight, link.reinforced,
           coalesce(link.created_at, now()), link.reinforced_at
    from json_to_recordset(%(links)s) link (
        source uuid, target uuid, kind text, weight real, reinforced integer, created_at timestamptz, reinforced_at timestamptz)
    left join other source on source.given = link.source
    left join other target on target.given = link.target
    cross join lateral (
        select coalesce(source.held, link.source) as source, coalesce(target.held, link.target) as target
    ) ends
    where ends.source <> ends.target
    order by ends.source, ends.target, link.kind
    on conflict do nothing
    returning 1
)
select count(*) from stored
