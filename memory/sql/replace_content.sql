-- Give a memory another content, with its lexemes and its vector; its names are read later.
with changed as (
    update memory_memory set content = %(content)s, content_hash = %(hash)s,
        lexemes = engram_lexemes(%(content)s, (select engram_text_search(%(space_id)s)))
    where space_id = %(space_id)s and id = %(id)s
    returning id, tier
),
unlinked as (
    insert into memory_unlinked (space_id, memory_id) select %(space_id)s::uuid, id from changed on conflict do nothing
)
insert into memory_embedding (space_id, memory_id, tier, vector)
select %(space_id)s::uuid, id, tier, %(vector)s::halfvec from changed
on conflict (space_id, memory_id, tier) do update
    set vector = excluded.vector, code = excluded.code, bits = excluded.bits
