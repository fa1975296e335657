-- The memories of a tier that are nearest to a vector, nearly: by the space's own HNSW index (Malkov and Yashunin, 2016), which
-- looks at p_ef_search vectors, and where filters leave too few of these goes on until p_limit pass or hnsw.max_scan_tuples were
-- looked at. The statement names space and dimension literally, because the index does.
create or replace function engram_ann_seeds(
    p_space_id uuid, p_tier text, p_vector halfvec, p_filtered boolean, p_filters jsonb, p_limit integer, p_ef_search integer
) returns table (memory_id uuid, similarity double precision)
language plpgsql stable
set search_path = public, pg_temp
-- The alternative to the index would be to sort, which a planner without statistics might take to be cheap.
set enable_sort = off
as $$
begin
    -- Where pgvector is not loaded yet, a function's own settings must not name its.
    perform set_config('hnsw.ef_search', least(1000, greatest(p_ef_search, p_limit))::text, true),
            set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.max_scan_tuples', '5000', true);
    return query execute format(
        $statement$
            select e.memory_id, 1 - (e.vector::halfvec(%1$s) <=> $1)
            from memory_embedding e %4$s
            where e.space_id = %2$L and e.tier = %3$L %5$s
            order by e.vector::halfvec(%1$s) <=> $1
            limit $2
        $statement$,
        vector_dims(p_vector), p_space_id, p_tier,
        case when p_filtered then format('join memory_memory m on m.space_id = %L and m.id = e.memory_id', p_space_id) end,
        case when p_filtered then 'and engram_matches(m, $3)' end)
        using p_vector, p_limit, p_filters;
end
$$;
revoke all on function engram_ann_seeds(uuid, text, halfvec, boolean, jsonb, integer, integer) from public;
