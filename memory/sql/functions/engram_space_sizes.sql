-- Memories, and bytes of text and vectors, by space and tier, for the operators' metrics: the p_most oldest spaces by name and
-- all others together. Runs as the owner, because it is asked for outside of every space; it gives sums, never content.
create or replace function engram_space_sizes(p_most integer)
returns table (space text, tier text, memories bigint, bytes bigint)
language sql stable security definer
set search_path = pg_catalog, public, pg_temp
as $$
    with named as (
        select s.id, s.embedding_dimension as dimension,
               case when row_number() over (order by s.id) <= p_most then s.name else 'other' end as name
        from tenants_space s
    )
    select n.name, coalesce(t.tier, 'hot'), coalesce(sum(t.memories), 0)::bigint,
           -- A halfvec is two bytes a number and a header of eight; a cold one is a byte and a bit a number, and headers of twelve.
           coalesce(sum(t.bytes + t.memories * case when t.tier = 'cold' then ceil(1.125 * n.dimension) + 12
                                                    else 2 * n.dimension + 8 end), 0)::bigint
    from named n left join memory_tally t on t.space_id = n.id
    group by 1, 2
$$;
revoke all on function engram_space_sizes(integer) from public;
grant execute on function engram_space_sizes(integer) to engram_app;
