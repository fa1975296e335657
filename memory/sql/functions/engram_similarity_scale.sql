-- How similar a space's memories are to a vector in general: mean and standard deviation of the cosine over at most p_sample of
-- them; (0.1, 0.1) is usual for unrelated texts.
create or replace function engram_similarity_scale(
    p_space_id uuid, p_vector halfvec, p_tiers text[], p_sample integer
) returns table (mean double precision, deviation double precision)
language plpgsql stable security definer rows 1
set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
    perform engram_check_space(p_space_id);
    return query
        select scale.mean, scale.deviation
        from (
            select count(*) as n, coalesce(sum(s.similarity), 0) as total, coalesce(sum(s.similarity * s.similarity), 0) as squares
            from (
                (select 1 - (e.vector <=> p_vector) as similarity
                 -- One by one: see engram_exact_seeds.
                 from unnest(array_remove(p_tiers, 'cold')) tier (name)
                 cross join lateral (
                     select vector from memory_embedding where space_id = p_space_id and tier = tier.name limit p_sample
                 ) e
                 limit p_sample)
                union all
                -- Decoding takes thirty times longer than comparing.
                (select 1 - (engram_decoded(e.code) <=> p_vector)
                 from memory_embedding e
                 where e.space_id = p_space_id and e.tier = 'cold' and 'cold' = any (p_tiers)
                 limit p_sample / 10)
            ) s
        ) sample
        cross join lateral engram_scale(sample.n, sample.total, sample.squares, 0.1, 0.1) scale;
end
$$;
revoke all on function engram_similarity_scale(uuid, halfvec, text[], integer) from public;
grant execute on function engram_similarity_scale(uuid, halfvec, text[], integer) to engram_app;
