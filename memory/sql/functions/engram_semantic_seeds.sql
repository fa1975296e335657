-- The memories nearest to a vector by cosine, exactly: every vector of the space's tiers is compared. similarity is 1 - distance.
-- The join that filters need is left out where there is nothing to filter, because it costs more than the search.
create or replace function engram_semantic_seeds(
    p_space_id uuid, p_vector halfvec, p_tiers text[], p_filters jsonb, p_limit integer
) returns table (memory_id uuid, similarity double precision)
language plpgsql stable security definer
set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    perform engram_check_space(p_space_id);
    if p_filters = '{}' and not exists (
        select from memory_memory m where m.space_id = p_space_id and m.expires_at <= now()
    ) then
        return query
            select e.memory_id, 1 - (e.vector <=> p_vector)
            from memory_embedding e
            where e.space_id = p_space_id and e.tier = any (p_tiers)
            order by e.vector <=> p_vector, e.memory_id
            limit p_limit;
    else
        return query
            select e.memory_id, 1 - (e.vector <=> p_vector)
            from memory_embedding e
            join memory_memory m on m.space_id = p_space_id and m.id = e.memory_id
            where e.space_id = p_space_id and e.tier = any (p_tiers) and engram_matches(m, p_filters)
            order by e.vector <=> p_vector, e.memory_id
            limit p_limit;
    end if;
end
$$;
revoke all on function engram_semantic_seeds(uuid, halfvec, text[], jsonb, integer) from public;
grant execute on function engram_semantic_seeds(uuid, halfvec, text[], jsonb, integer) to engram_app;
