-- When the newest memory of each of some spaces came, and the most operations of any minute since p_since. It reads more of a space
-- than engram_glance does, and is bound to one space after the other as that is.
create or replace function engram_pulse(p_space_ids uuid[], p_since timestamptz)
returns table (space_id uuid, newest_at timestamptz, busiest bigint)
language plpgsql volatile
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
               (select m.created_at from memory_memory m
                where m.space_id = v_space order by m.created_at desc, m.id desc limit 1),
               coalesce(max(minute.operations), 0)::bigint
        from (
            select sum(u.operations) as operations
            from audit_spaceusage u where u.space_id = v_space and u.step = 'minute' and u.at >= p_since
            group by u.at
        ) minute;
    end loop;
    perform set_config('engram.space_id', bound_before, true);
end
$$;
