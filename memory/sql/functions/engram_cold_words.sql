-- The cold memories that share words with a cue, scored as engram_lexical_seeds does, frequencies being those among the cold.
-- Cold memories keep no index of their words, so their texts are read: those that hold the beginning of a word, then its lexeme.
create or replace function engram_cold_words(
    p_space_id uuid, p_text text, p_filters jsonb, p_limit integer
) returns table (
    memory_id uuid, lexical double precision, share double precision, mean double precision, deviation double precision
)
language plpgsql stable security definer rows 100
set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan
set enable_seqscan = on
as $$
#variable_conflict use_column
declare
    v_config regconfig := engram_text_search(p_space_id);
    v_lexemes text[] := tsvector_to_array(to_tsvector(v_config, p_text));
    -- A stem may end otherwise than the word: happi, happy. In other languages its start may differ, too: haus, Häuser.
    v_patterns text[] := case when v_config::text not in ('english', 'simple') then '{%}' else array(
        select '%' || replace(left(lexeme, greatest(1, length(lexeme) - 1)), '\', '\\') || '%' from unnest(v_lexemes) lexeme) end;
    v_total bigint;
begin
    perform engram_check_space(p_space_id);
    select coalesce(sum(t.memories), 0) into v_total from memory_tally t where t.space_id = p_space_id and t.tier = 'cold';
    return query
        with read as materialized (
            select m.id, tsvector_to_array(found.lexemes) as lexemes, tsvector_to_array(ts_filter(found.lexemes, '{a}')) as heading
            from memory_embedding e
            join memory_memory m on m.space_id = p_space_id and m.id = e.memory_id
            cross join lateral engram_lexemes(m.content, v_config) found (lexemes)
            where e.space_id = p_space_id and e.tier = 'cold' and engram_matches(m, p_filters) and lower(m.content) like any (v_patterns)
        ),
        words as (
            select lexeme, ln(1 + (greatest(v_total, n) - n + 0.5) / (n + 0.5))::double precision as idf
            from unnest(v_lexemes) lexeme
            cross join lateral (select count(*) as n from read where lexeme = any (read.lexemes)) counted
        ),
        hits as (
            select read.id, sum(words.idf * found.times order by words.idf, found.times) as lexical,
                   sum(words.idf * found.times order by words.idf, found.times) / (select sum(idf order by idf) from words) as share
            from read join words on words.lexeme = any (read.lexemes)
            cross join lateral (select case when words.lexeme = any (read.heading) then 2 else 1 end) found (times)
            group by read.id
        ),
        scale as (
            select drawn.mean, drawn.deviation
            from (select sum(hits.share order by hits.share) as total, sum(hits.share * hits.share order by hits.share) as squares
                  from hits) s
            cross join lateral engram_scale(greatest(v_total, 1), s.total, s.squares, 0.03, 0.08) drawn
        )
        select hits.id, hits.lexical, hits.share, scale.mean, scale.deviation
        from hits cross join scale
        order by hits.lexical desc, hits.id
        limit p_limit;
end
$$;
revoke all on function engram_cold_words(uuid, text, jsonb, integer) from public;
grant execute on function engram_cold_words(uuid, text, jsonb, integer) to engram_app;
