-- Many spaces at a glance: what each holds, when its newest memory came, since p_since the most operations of any minute and how
-- many were refused for its limits, and how many imports failed since yesterday. Runs as its caller: the transaction is bound to
-- one space after the other, so policies hold for each statement as they do everywhere, and in the end it is bound as before.
create or replace function engram_glance(p_space_ids uuid[], p_since timestamptz)
returns table (space_id uuid, hot bigint, warm bigint, cold bigint, newest_at timestamptz, busiest bigint, limited bigint, failed bigint)
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
        select v_space, held.hot, held.warm, held.cold, newest.created_at, asked.busiest, asked.limited, imports.failed
        from (
            select coalesce(sum(t.memories) filter (where t.tier = 'hot'), 0)::bigint as hot,
                   coalesce(sum(t.memories) filter (where t.tier = 'warm'), 0)::bigint as warm,
                   coalesce(sum(t.memories) filter (where t.tier = 'cold'), 0)::bigint as cold
            from memory_tally t where t.space_id = v_space
        ) held
        left join (
            select m.created_at from memory_memory m
            where m.space_id = v_space order by m.created_at desc, m.id desc limit 1
        ) newest on true
        cross join (
            select coalesce(max(minute.operations), 0)::bigint as busiest, coalesce(sum(minute.limited), 0)::bigint as limited
            from (
                select sum(u.operations) as operations, sum(u.operations) filter (where u.outcome = 'limited') as limited
                from audit_spaceusage u where u.space_id = v_space and u.step = 'minute' and u.at >= p_since
                group by u.at
            ) minute
        ) asked
        cross join (
            select count(*) as failed from memory_import i
            where i.space_id = v_space and i.status = 'failed' and i.finished_at >= now() - interval '1 day'
        ) imports;
    end loop;
    perform set_config('engram.space_id', bound_before, true);
end
$$;
