-- The memories that share words with a cue, by the sum of the shared words' inverse document frequency:
-- idf = ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25 (Robertson and Zaragoza, 2009), N memories, n of them with the word.
-- A word in a memory's heading (engram_lexemes) counts double.
-- Words are taken rarest first until their frequencies fill p_budget rows, so that common words cost nothing; one that
-- would fill it twice over is left out, because which of its memories came up would be chance.
-- share is lexical as a part of what all of the cue's words would give; mean and deviation are the share's over the whole space;
-- (0.03, 0.08) is usual.
-- Frequencies come from the space's lexicon; a space that has none yet is small or new and is counted on the spot.
create or replace function engram_lexical_seeds(
    p_space_id uuid, p_text text, p_tiers text[], p_filters jsonb, p_limit integer, p_budget integer
) returns table (
    memory_id uuid, lexical double precision, share double precision, mean double precision, deviation double precision
)
language plpgsql stable security definer rows 100
set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_total bigint;
    v_lexemes text[] := tsvector_to_array(to_tsvector(engram_text_search(p_space_id), p_text));
    v_queries text[];
    v_frequencies bigint[];
begin
    perform engram_check_space(p_space_id);
    select l.memories into v_total from memory_lexeme l where l.space_id = p_space_id and l.lexeme = '';
    select array_agg('''' || replace(replace(word.lexeme, '\', '\\'), '''', '''''') || '''' order by word.ord)
      into v_queries from unnest(v_lexemes) with ordinality word (lexeme, ord);
    if v_total is null then
        select count(*) into v_total from memory_memory m where m.space_id = p_space_id;
        select array_agg(counted.n order by word.ord) into v_frequencies
        from unnest(v_queries) with ordinality word (query, ord)
        cross join lateral (
            select count(*) as n from memory_memory m where m.space_id = p_space_id and m.lexemes @@ word.query::tsquery
        ) counted;
    else
        select array_agg(coalesce(l.memories, 1) order by word.ord) into v_frequencies
        from unnest(v_lexemes) with ordinality word (lexeme, ord)
        left join memory_lexeme l on l.space_id = p_space_id and l.lexeme = word.lexeme;
    end if;
    return query
        with words as (
            select word.query::tsquery as query, (word.query || ':A')::tsquery as in_heading, word.n,
                   ln(1 + (greatest(v_total, word.n) - word.n + 0.5) / (word.n + 0.5))::double precision as idf,
                   sum(word.n) over (order by word.n, word.query rows between unbounded preceding and 1 preceding) as before
            from unnest(v_queries, v_frequencies) word (query, n)
        ),
        hits as (
            select hit.id, sum(words.idf * hit.times order by words.idf, hit.times) as lexical,
                   sum(words.idf * hit.times order by words.idf, hit.times) / (select sum(idf order by idf) from words) as share
            from words
            cross join lateral (
                select m.id, case when m.lexemes @@ words.in_heading then 2 else 1 end as times
                from memory_memory m
                where m.space_id = p_space_id and m.lexemes @@ words.query and m.tier = any (p_tiers)
                  and engram_matches(m, p_filters)
                limit p_budget
            ) hit
            where words.n > 0 and (words.before is null or words.before < p_budget and words.before + words.n <= 2 * p_budget)
            group by hit.id
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
revoke all on function engram_lexical_seeds(uuid, text, text[], jsonb, integer, integer) from public;
grant execute on function engram_lexical_seeds(uuid, text, text[], jsonb, integer, integer) to engram_app;
