-- The cold memories nearest to a vector: the nearest by how many signs differ, ordered by cosine. No index is kept for cold ones;
-- comparing signs reads a fifteenth of what comparing vectors would.
create or replace function engram_cold_seeds(
    p_space_id uuid, p_vector halfvec, p_filters jsonb, p_limit integer
) returns table (memory_id uuid, similarity double precision)
language plpgsql stable security definer rows 100
set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan
set enable_seqscan = on
as $$
#variable_conflict use_column
begin
    perform engram_check_space(p_space_id);
    return query
        select near.memory_id, 1 - (engram_decoded(near.code) <=> p_vector) as similarity
        from (
            select e.memory_id, e.code
            from memory_embedding e
            join memory_memory m on m.space_id = p_space_id and m.id = e.memory_id
            where e.space_id = p_space_id and e.tier = 'cold' and engram_matches(m, p_filters)
            order by e.bits <~> binary_quantize(p_vector), e.memory_id
            limit 2 * p_limit
        ) near
        order by 2 desc, 1
        limit p_limit;
end
$$;
revoke all on function engram_cold_seeds(uuid, halfvec, jsonb, integer) from public;
grant execute on function engram_cold_seeds(uuid, halfvec, jsonb, integer) to engram_app;
