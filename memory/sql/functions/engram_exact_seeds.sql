-- The memories nearest to a vector by cosine, exactly: every vector of the space's tiers is compared.
-- The join that filters need is left out where there is nothing to filter, because it costs more than the search. Tiers are searched
-- one by one, because the partitions of the others are left out for a tier that is named, and not for one of an array.
create or replace function engram_exact_seeds(
    p_space_id uuid, p_vector halfvec, p_tiers text[], p_filtered boolean, p_filters jsonb, p_limit integer
) returns table (memory_id uuid, similarity double precision)
language plpgsql stable
set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
begin
    if p_filters ? 'session' then
        return query
            select e.memory_id, 1 - (e.vector <=> p_vector)
            from memory_memory m
            join memory_embedding e on e.space_id = p_space_id and e.memory_id = m.id and e.tier = m.tier
            -- Said once more in so many words, for the index that sessions have.
            where m.space_id = p_space_id and m.session = p_filters ->> 'session' and m.tier = any (p_tiers)
              and engram_matches(m, p_filters)
            order by e.vector <=> p_vector, e.memory_id
            limit p_limit;
    elsif p_filtered then
        return query
            select nearest.memory_id, 1 - nearest.distance
            from unnest(p_tiers) tier (name)
            cross join lateral (
                select e.memory_id, e.vector <=> p_vector as distance
                from memory_embedding e
                join memory_memory m on m.space_id = p_space_id and m.id = e.memory_id
                where e.space_id = p_space_id and e.tier = tier.name and engram_matches(m, p_filters)
                order by distance, e.memory_id
                limit p_limit
            ) nearest
            order by nearest.distance, nearest.memory_id
            limit p_limit;
    else
        return query
            select nearest.memory_id, 1 - nearest.distance
            from unnest(p_tiers) tier (name)
            cross join lateral (
                select e.memory_id, e.vector <=> p_vector as distance
                from memory_embedding e
                where e.space_id = p_space_id and e.tier = tier.name
                order by distance, e.memory_id
                limit p_limit
            ) nearest
            order by nearest.distance, nearest.memory_id
            limit p_limit;
    end if;
end
$$;
revoke all on function engram_exact_seeds(uuid, halfvec, text[], boolean, jsonb, integer) from public;
