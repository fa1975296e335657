-- The memories that share words with a cue, by the sum of the shared words' inverse document frequency:
-- idf = ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25 (Robertson and Zaragoza, 2009), N memories, n of them with the word.
-- Words are taken rarest first until their frequencies fill p_budget rows, so that common words cost nothing.
-- Frequencies come from the space's lexicon; a space that has none yet is small or new and is counted on the spot.
create or replace function engram_lexical_seeds(
    p_space_id uuid, p_text text, p_tiers text[], p_filters jsonb, p_limit integer, p_budget integer
) returns table (memory_id uuid, lexical double precision)
language plpgsql stable security definer
set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_total bigint;
    v_lexemes text[] := tsvector_to_array(to_tsvector('english', p_text));
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
            select word.query::tsquery as query, word.n,
                   sum(word.n) over (order by word.n, word.query rows between unbounded preceding and 1 preceding) as before
            from unnest(v_queries, v_frequencies) word (query, n)
            where word.n > 0
        )
        select hit.id, sum(ln(1 + (greatest(v_total, words.n) - words.n + 0.5) / (words.n + 0.5)) order by words.query)::double precision
        from words
        cross join lateral (
            select m.id from memory_memory m
            where m.space_id = p_space_id and m.lexemes @@ words.query and m.tier = any (p_tiers)
              and engram_matches(m, p_filters)
            limit p_budget
        ) hit
        where words.before is null or words.before < p_budget
        group by hit.id
        order by 2 desc, 1
        limit p_limit;
end
$$;
revoke all on function engram_lexical_seeds(uuid, text, text[], jsonb, integer, integer) from public;
grant execute on function engram_lexical_seeds(uuid, text, text[], jsonb, integer, integer) to engram_app;
