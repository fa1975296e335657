-- Many spaces at a glance: what each holds, how many operations were refused for its limits since p_since, and how many imports
-- failed since yesterday. Runs as its caller: the transaction is bound to one space after the other, so policies hold for each
-- statement as they do everywhere, and in the end it is bound as before.
create or replace function engram_glance(p_space_ids uuid[], p_since timestamptz)
returns table (space_id uuid, hot bigint, warm bigint, cold bigint, limited bigint, failed bigint)
language plpgsql volatile
-- Each is a look-up by index, and planning it takes longer: one plan a session serves every space.
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    bound_before text := coalesce(current_setting('engram.space_id', true), '');
    v_space uuid;
begin
    foreach v_space in array p_space_ids loop
        perform set_config('engram.space_id', v_space::text, true);
        return query
        select v_space,
               coalesce(sum(t.memories) filter (where t.tier = 'hot'), 0)::bigint,
               coalesce(sum(t.memories) filter (where t.tier = 'warm'), 0)::bigint,
               coalesce(sum(t.memories) filter (where t.tier = 'cold'), 0)::bigint,
               (select coalesce(sum(u.operations), 0)::bigint from audit_spaceusage u
                where u.space_id = v_space and u.step = 'minute' and u.at >= p_since and u.outcome = 'limited'),
               (select count(*) from memory_import i
                where i.space_id = v_space and i.status = 'failed' and i.finished_at >= now() - interval '1 day')
        from memory_tally t where t.space_id = v_space;
    end loop;
    perform set_config('engram.space_id', bound_before, true);
end
$$;
