-- Store memories as they are, ids, times and tiers included; what the space holds already, by id or by content, stays as it is.
-- Returns the ids of those that are new.
with given as materialized (
    select item.*, sha256(convert_to(item.content, 'UTF8')) as content_hash
    from rows from (
        json_to_recordset(%(memories)s) as (
            id uuid, content text, kind text, confidence real, session text, metadata jsonb, observed_at timestamptz,
            created_at timestamptz, updated_at timestamptz, expires_at timestamptz, tier text, stability real,
            recall_count integer, last_recalled_at timestamptz, recent_recalls timestamptz[]),
        unnest(%(vectors)b::halfvec[])
    ) item (
        id, content, kind, confidence, session, metadata, observed_at, created_at, updated_at, expires_at, tier, stability,
        recall_count, last_recalled_at, recent_recalls, vector)
),
language as materialized (
    select engram_text_search(%(space_id)s) as config
),
stored as (
    insert into memory_memory
        (space_id, id, content, content_hash, kind, confidence, session, metadata, observed_at, created_at, updated_at, expires_at,
         tier, stability, recall_count, last_recalled_at, recent_recalls, lexemes)
    select %(space_id)s::uuid, id, content, content_hash, kind, confidence, session, metadata,
           coalesce(observed_at, created_at, now()), coalesce(created_at, now()), coalesce(updated_at, created_at, now()),
           expires_at, tier, stability, recall_count, last_recalled_at, recent_recalls,
           engram_lexemes(content, language.config)
    from given cross join language
    order by content_hash
    on conflict do nothing
    returning id, tier
),
embedded as (
    insert into memory_embedding (space_id, memory_id, tier, vector)
    select %(space_id)s::uuid, stored.id, stored.tier, given.vector from stored join given using (id)
),
unlinked as (
    insert into memory_unlinked (space_id, memory_id) select %(space_id)s::uuid, id from stored
)
select id::text from stored
