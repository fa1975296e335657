-- The memories nearest to a vector by cosine; similarity is 1 - distance. A tier with an index of its own is searched by that;
-- others, and one in which the index finds too few that pass the filters, by comparing every vector.
create or replace function engram_semantic_seeds(
    p_space_id uuid, p_vector halfvec, p_tiers text[], p_filters jsonb, p_limit integer, p_ef_search integer
) returns table (memory_id uuid, similarity double precision)
language plpgsql stable security definer rows 100
set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_filtered boolean;
    v_tier text;
    v_exact text[] := p_tiers;
    v_ids uuid[] := '{}';
    v_similarities double precision[] := '{}';
    v_found_ids uuid[];
    v_found_similarities double precision[];
begin
    perform engram_check_space(p_space_id);
    v_filtered := p_filters <> '{}' or exists (
        select from memory_memory m where m.space_id = p_space_id and m.expires_at <= now());
    foreach v_tier in array p_tiers loop
        -- A session is small, and its memories are found by an index of their own.
        continue when p_filters ? 'session' or not engram_has_ann(p_space_id, v_tier);
        select array_agg(s.memory_id), array_agg(s.similarity) into v_found_ids, v_found_similarities
        from engram_ann_seeds(p_space_id, v_tier, p_vector, v_filtered, p_filters, p_limit, p_ef_search) s;
        if cardinality(v_found_ids) = p_limit then
            v_exact := array_remove(v_exact, v_tier);
            v_ids := v_ids || v_found_ids;
            v_similarities := v_similarities || v_found_similarities;
        end if;
    end loop;
    return query
        select found.memory_id, found.similarity
        from (
            select * from engram_exact_seeds(p_space_id, p_vector, v_exact, v_filtered, p_filters, p_limit)
            union all
            select * from unnest(v_ids, v_similarities)
        ) found
        order by found.similarity desc, found.memory_id
        limit p_limit;
end
$$;
revoke all on function engram_semantic_seeds(uuid, halfvec, text[], jsonb, integer, integer) from public;
grant execute on function engram_semantic_seeds(uuid, halfvec, text[], jsonb, integer, integer) to engram_app;
