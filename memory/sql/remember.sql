-- Store memories in one statement: rows, vectors and, where a content is already there, its reinforcement instead.
-- Ids are drawn in the order given, so that a session's order is its ids'; rows go in sorted by hash, so that two batches
-- cannot wait for each other. Returns, for each hash, the memory that holds it and whether it is new.
with given as materialized (
    select uuidv7() as id, item.*
    from unnest(
        %(hashes)s::bytea[], %(contents)s::text[], %(kinds)s::text[], %(confidences)s::real[], %(sessions)s::text[],
        %(metadatas)s::jsonb[], %(observed)s::timestamptz[], %(expires)s::timestamptz[], %(vectors)s::halfvec[]
    ) item (content_hash, content, kind, confidence, session, metadata, observed_at, expires_at, vector)
),
language as materialized (
    select engram_text_search(%(space_id)s) as config
),
stored as (
    insert into memory_memory as m
        (space_id, id, content, content_hash, kind, confidence, session, metadata, observed_at, expires_at, lexemes)
    select %(space_id)s::uuid, id, content, content_hash, kind, confidence, session, metadata, coalesce(observed_at, now()),
           expires_at, engram_lexemes(content, language.config)
    from given cross join language
    order by content_hash
    on conflict (space_id, content_hash) do update
        set recall_count = m.recall_count + 1,
            last_recalled_at = now(),
            stability = engram_reinforced(m.stability, coalesce(m.last_recalled_at, m.created_at), now()),
            recent_recalls = case when m.tier <> 'hot' then engram_recent(m.recent_recalls, array[now()], now(), %(often)s) end,
            -- Remembering something again brings it back from the dead.
            expires_at = case when m.expires_at <= now() then excluded.expires_at else m.expires_at end
    returning new.content_hash, new.id, new.tier, old.id is null as created
),
embedded as (
    insert into memory_embedding (space_id, memory_id, tier, vector)
    select %(space_id)s::uuid, stored.id, stored.tier, given.vector
    from stored join given using (content_hash)
    where stored.created and given.vector is not null
),
unlinked as (
    insert into memory_unlinked (space_id, memory_id) select %(space_id)s::uuid, id from stored where created
)
select content_hash, id, created from stored
