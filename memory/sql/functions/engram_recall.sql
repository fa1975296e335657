-- Recall in one round trip: seeds, spreading, ranking, and the memories themselves.
--   seed  = ((1 - p_lexical_weight) * z(similarity) + p_lexical_weight * z(lexical share)) / 10
--   sum   = seed + received activation, and p_context of what the best of its session has in seed and received activation
--   score = sum - p_bias * |sum| * (1 - confidence * (0.5 + 0.5 * retrievability))
-- z says by how many standard deviations of the space a memory stands out, which makes meaning and words, and one space's
-- scores and another's, comparable. A seed below the average, under zero, starts no activation; of the others, with b the best,
-- each starts b * (seed / b) ^ p_sharpness, so that what spreads comes from what the cue means most.
-- What is recalled brings back the context that it was learned in (Howard and Kahana, 2002), which here is the session.
-- With p_bias = 0, p_context = 0, no text and no depth the order is the cosine's own. p_memory recalls by the example of a stored
-- memory, which is left out of its own answer; no_data_found if it is not there. visited counts the memories that spreading reached.
create or replace function engram_recall(
    p_space_id uuid, p_vector halfvec, p_text text, p_memory uuid, p_semantic boolean, p_lexical boolean,
    p_tiers text[], p_filters jsonb, p_limit integer, p_depth integer, p_threshold double precision,
    p_pool integer, p_ef_search integer, p_sample integer, p_budget integer, p_lexical_weight double precision, p_decay double precision,
    p_fan_out integer, p_frontier integer, p_bias double precision, p_sharpness double precision,
    p_context double precision, p_since timestamptz, p_until timestamptz, p_timely double precision
) returns table (
    id uuid, content text, kind text, confidence real, session text, metadata jsonb, observed_at timestamptz,
    created_at timestamptz, updated_at timestamptz, expires_at timestamptz, tier text, recall_count integer,
    last_recalled_at timestamptz, score double precision, similarity double precision, lexical double precision,
    activation double precision, depth integer, path uuid[], visited bigint
)
language plpgsql stable security definer
set search_path = public, pg_temp
-- One plan a session serves every space, because planning takes longer than the search of most. It is the right one in each:
-- everything is found by an index that the space leads. It locks every partition, and waits where the schema is being changed.
set plan_cache_mode = force_generic_plan
-- A plan that lasts must not rest on a table's having been small. "offset 0" keeps a memory's row a look-up, where joining would read
-- all of the space's.
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_vector halfvec := p_vector;
    v_text text := p_text;
    -- Cold memories are in no index and are searched in their own way.
    v_cold boolean := 'cold' = any (p_tiers);
    v_indexed text[] := array_remove(p_tiers, 'cold');
    v_ids uuid[];
    v_similarities double precision[];
    v_lexicals double precision[];
    v_seeds double precision[];
    v_mean double precision;
    v_deviation double precision;
    v_starting integer;
begin
    perform engram_check_space(p_space_id);
    if p_memory is not null then
        select engram_vector(e), m.content into v_vector, v_text
        from memory_memory m
        join memory_embedding e on e.space_id = p_space_id and e.memory_id = m.id
        where m.space_id = p_space_id and m.id = p_memory and (m.expires_at is null or m.expires_at > now());
        if not found then
            raise exception 'There is no memory %.', p_memory using errcode = 'no_data_found';
        end if;
    end if;

    if p_semantic then
        select scale.mean, scale.deviation into v_mean, v_deviation
        from engram_similarity_scale(p_space_id, v_vector, p_tiers, p_sample) scale;
    end if;

    select array_agg(s.memory_id order by s.seed desc, s.memory_id), array_agg(s.similarity order by s.seed desc, s.memory_id),
           array_agg(s.lexical order by s.seed desc, s.memory_id), array_agg(s.seed order by s.seed desc, s.memory_id)
      into v_ids, v_similarities, v_lexicals, v_seeds
    from (
        select found.memory_id, found.similarity, found.lexical,
               (coalesce((1 - p_lexical_weight) * (found.similarity - v_mean) / v_deviation, 0)
                + coalesce(p_lexical_weight * (found.share - max(found.mean) over ()) / max(found.deviation) over (), 0)) / 10 as seed
        from (
            select coalesce(semantic.memory_id, words.memory_id) as memory_id,
                   coalesce(semantic.similarity, (
                       select 1 - (engram_vector(e) <=> v_vector) from memory_embedding e
                       where p_semantic and e.space_id = p_space_id and e.memory_id = words.memory_id
                   )) as similarity,
                   coalesce(words.lexical, 0) as lexical, coalesce(words.share, 0) as share, words.mean, words.deviation
            from (
                select * from engram_semantic_seeds(p_space_id, v_vector, v_indexed, p_filters, p_pool, p_ef_search) where p_semantic
                union all
                select * from engram_cold_seeds(p_space_id, v_vector, p_filters, p_pool) where p_semantic and v_cold
            ) semantic
            full join (
                select * from engram_lexical_seeds(p_space_id, v_text, v_indexed, p_filters, p_pool, p_budget) where p_lexical
                union all
                select * from engram_cold_words(p_space_id, v_text, p_filters, p_pool) where p_lexical and v_cold
            ) words on words.memory_id = semantic.memory_id
            offset 0  -- keeps the look-up of a vector one, where the planner would repeat it for every use of the similarity
        ) found
        where found.memory_id is distinct from p_memory
    ) s;

    select count(*) into v_starting from unnest(v_seeds) seed where seed > 0;
    return query
        select m.id, m.content, m.kind, m.confidence, m.session, m.metadata, m.observed_at, m.created_at, m.updated_at,
               m.expires_at, m.tier, m.recall_count, m.last_recalled_at, best.score,
               coalesce(best.similarity, (
                   select 1 - (engram_vector(e) <=> v_vector) from memory_embedding e
                   where p_semantic and e.space_id = p_space_id and e.memory_id = best.id
               )),
               coalesce(best.lexical, 0), least(1, greatest(0, best.sum)), best.depth, string_to_array(best.path, ',')::uuid[],
               best.visited
        from (
            select scored.*, scored.sum - p_bias * abs(scored.sum) * (1 - scored.confidence * (0.5 + 0.5 * r.retrievability)) as score
            from (
                -- Only what scores need: whole memories are read of the best alone.
                select m.id, m.confidence, m.stability, coalesce(m.last_recalled_at, m.created_at) as since,
                       reached.similarity, reached.lexical, reached.depth, reached.path,
                       count(*) filter (where reached.by_spreading) over () as visited,
                       reached.sum + case when m.session is null then 0
                                          else p_context * greatest(0, max(reached.sum) over (partition by m.session)) end
                                   + case when m.observed_at >= p_since and m.observed_at < p_until then p_timely else 0 end as sum
                from (
                    select coalesce(s.memory_id, found.id) as id, coalesce(found.seed, 0) + coalesce(s.received, 0) as sum,
                           found.similarity, found.lexical, coalesce(s.depth, 0) as depth, coalesce(s.path, found.id::text) as path,
                           s.memory_id is not null as by_spreading
                    from engram_spread(
                        p_space_id, coalesce(v_ids[:v_starting], '{}'), array(
                            select v_seeds[1] * power(seed / v_seeds[1], p_sharpness)
                            from unnest(v_seeds[:v_starting]) with ordinality s (seed, ord) order by ord),
                        p_depth, p_decay, p_threshold, p_fan_out, p_frontier) s
                    full join unnest(v_ids, v_similarities, v_lexicals, v_seeds) found (id, similarity, lexical, seed)
                        on found.id = s.memory_id
                ) reached
                cross join lateral (
                    select m.id, m.confidence, m.stability, m.last_recalled_at, m.created_at, m.observed_at, m.session
                    from memory_memory m
                    where m.space_id = p_space_id and m.id = reached.id and m.tier = any (p_tiers) and engram_matches(m, p_filters)
                    offset 0
                ) m
                where reached.id is distinct from p_memory
            ) scored
            cross join lateral engram_retrievability(scored.stability, scored.since, now()) r (retrievability)
            order by score desc, scored.id
            limit p_limit
        ) best
        cross join lateral (select * from memory_memory m where m.space_id = p_space_id and m.id = best.id offset 0) m
        order by best.score desc, best.id;
end
$$;
revoke all on function engram_recall(
    uuid, halfvec, text, uuid, boolean, boolean, text[], jsonb, integer, integer, double precision, integer, integer, integer, integer,
    double precision, double precision, integer, integer, double precision, double precision, double precision,
    timestamptz, timestamptz, double precision) from public;
grant execute on function engram_recall(
    uuid, halfvec, text, uuid, boolean, boolean, text[], jsonb, integer, integer, double precision, integer, integer, integer, integer,
    double precision, double precision, integer, integer, double precision, double precision, double precision,
    timestamptz, timestamptz, double precision) to engram_app;
