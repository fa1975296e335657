-- Store memories as they are, ids, times and tiers included; what the space holds already, by id or by content, stays as it is.
-- Returns the ids of those that are new.
with given as materialized (
    select * from unnest(
        %(ids)s::uuid[], %(hashes)s::bytea[], %(contents)s::text[], %(kinds)s::text[], %(confidences)s::real[],
        %(sessions)s::text[], %(metadatas)s::jsonb[], %(observed)s::timestamptz[], %(created)s::timestamptz[],
        %(updated)s::timestamptz[], %(expires)s::timestamptz[], %(tiers)s::text[], %(stabilities)s::real[],
        %(recall_counts)s::integer[], %(last_recalled)s::timestamptz[], %(vectors)s::halfvec[]
    ) item (id, content_hash, content, kind, confidence, session, metadata, observed_at, created_at, updated_at, expires_at, tier,
            stability, recall_count, last_recalled_at, vector)
),
stored as (
    insert into memory_memory
        (space_id, id, content, content_hash, kind, confidence, session, metadata, observed_at, created_at, updated_at, expires_at,
         tier, stability, recall_count, last_recalled_at, lexemes)
    select %(space_id)s::uuid, id, content, content_hash, kind, confidence, session, metadata, observed_at, created_at, updated_at,
           expires_at, tier, stability, recall_count, last_recalled_at, to_tsvector('english', content)
    from given
    order by content_hash
    on conflict do nothing
    returning id, tier
),
embedded as (
    insert into memory_embedding (space_id, memory_id, tier, vector)
    select %(space_id)s::uuid, stored.id, stored.tier, given.vector from stored join given using (id)
)
select id from stored
