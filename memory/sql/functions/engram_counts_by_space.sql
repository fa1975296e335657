-- How many memories each of some spaces holds in each tier, and how many bytes of text: what operators see of all tenants.
-- It bypasses nothing: it turns to one space after the other, and the policy shows it that space's tallies alone. In the end
-- the transaction sees what it saw before.
create or replace function engram_counts_by_space(p_space_ids uuid[])
returns table (counted_space_id uuid, counted_tier text, counted_memories bigint, counted_bytes bigint)
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    v_before text := coalesce(current_setting('engram.space_id', true), '');
    v_space_id uuid;
begin
    foreach v_space_id in array p_space_ids loop
        perform set_config('engram.space_id', v_space_id::text, true);
        return query
            select t.space_id, t.tier, sum(t.memories)::bigint, sum(t.bytes)::bigint
            from memory_tally t where t.space_id = v_space_id group by t.space_id, t.tier;
    end loop;
    perform set_config('engram.space_id', v_before, true);
end
$$;
revoke all on function engram_counts_by_space(uuid[]) from public;
grant execute on function engram_counts_by_space(uuid[]) to engram_app;
