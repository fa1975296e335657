-- Spreading activation (Collins and Loftus, 1975; Anderson's fan effect, 1974) from p_from, hop by hop.
-- Each hop, a memory passes on activation * weight * p_decay / sqrt(fan), fan being the sum of the weights that share it, 1 at
-- least (at most p_fan_out associations, the heaviest first). What arrives from several sources is summed. What a hop brings to a
-- memory, the next hop passes on, as in a random walk, whether or not the memory was reached before; below p_threshold nothing is
-- passed; a hop goes on from at most p_frontier memories, those that it brought the most.
-- Returns every memory reached, the sources first: what it started with, what it received, and the path that brought it the most
-- when it was first reached, depth being that path's hops; a path is ids with commas between, because few are read and making arrays
-- of all takes long. Same input and state, same output. Associations never leave the space.
create or replace function engram_spread(
    p_space_id uuid, p_from uuid[], p_activations double precision[], p_depth integer,
    p_decay double precision, p_threshold double precision, p_fan_out integer, p_frontier integer
) returns table (memory_id uuid, initial double precision, received double precision, depth integer, path text)
language plpgsql stable rows 100
set search_path = public, pg_temp
-- One plan a session serves every space, because planning a hop takes longer than most hops. A plan that lasts must not rest on
-- a table's having been small.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_ids uuid[] := p_from;
    v_received double precision[] := array_fill(0::double precision, array[cardinality(p_from)]);
    v_depths integer[] := array_fill(0, array[cardinality(p_from)]);
    v_paths text[] := array(select id::text from unnest(p_from) with ordinality f (id, ord) order by ord);
    v_frontier integer[] := array(
        select ord from unnest(p_activations) with ordinality f (activation, ord)
        where activation >= p_threshold order by activation desc, ord limit p_frontier);
    v_passing double precision[] := array(
        select least(activation, 1) from unnest(p_activations) with ordinality f (activation, ord)
        where activation >= p_threshold order by activation desc, ord limit p_frontier);
begin
    for v_hop in 1 .. p_depth loop
        exit when cardinality(v_frontier) = 0;
        with flow as (
            select a.target_id,
                   least(1, sum(f.activation * a.weight * p_decay / sqrt(a.fan) order by f.rank)) as gain,
                   -- The source that brings the most, of equals the first: cheaper than sorting each target's sources.
                   (max(array[f.activation * a.weight / sqrt(a.fan), -f.rank, f.source]))[3]::integer as best
            from unnest(v_frontier, v_passing) with ordinality f (source, activation, rank)
            cross join lateral (
                select heaviest.target_id, heaviest.weight, greatest(1, sum(weight) over ()) as fan
                from (select target_id, weight from memory_association
                      where space_id = p_space_id and source_id = v_ids[f.source]
                      order by weight desc, target_id, kind limit p_fan_out) heaviest
            ) a
            group by a.target_id
        ),
        merged as (
            select coalesce(old.id, flow.target_id) as id,
                   coalesce(old.received, 0) + coalesce(flow.gain, 0) as received,
                   coalesce(old.depth, v_depths[flow.best] + 1) as depth,
                   coalesce(old.path, v_paths[flow.best] || ',' || flow.target_id) as path,
                   row_number() over (order by old.ord, flow.gain desc, flow.target_id) as ord, coalesce(flow.gain, 0) as gain
            from unnest(v_ids, v_received, v_depths, v_paths) with ordinality old (id, received, depth, path, ord)
            full join flow on flow.target_id = old.id
            where old.id is not null or flow.gain >= p_threshold
        ),
        passing as (
            select ord, id, gain from merged where gain > 0 and gain >= p_threshold order by gain desc, id limit p_frontier
        )
        select array_agg(merged.id order by merged.ord), array_agg(merged.received order by merged.ord),
               array_agg(merged.depth order by merged.ord), array_agg(merged.path order by merged.ord),
               array(select ord from passing order by gain desc, id), array(select gain from passing order by gain desc, id)
          into v_ids, v_received, v_depths, v_paths, v_frontier, v_passing
          from merged;
    end loop;
    return query
        select s.id, coalesce(s.initial, 0), s.received, s.depth, s.path
        from unnest(v_ids, p_activations, v_received, v_depths, v_paths) s (id, initial, received, depth, path);
end
$$;
revoke all on function engram_spread(uuid, uuid[], double precision[], integer, double precision, double precision, integer, integer)
    from public;
grant execute on function engram_spread(uuid, uuid[], double precision[], integer, double precision, double precision, integer, integer)
    to engram_app;
