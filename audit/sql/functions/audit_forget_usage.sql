-- Drop the steps of both series that are older than they are kept; returns how many rows went. Runs as the owner, for the app
-- may only read them. A step is never dropped before it is summed up: what was rolled up within the last day is left alone.
create or replace function audit_forget_usage(p_minutes interval, p_hours interval, p_days interval) returns bigint
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    v_through timestamptz := coalesce((select through from audit_usageprogress), '-infinity');
    v_spaces bigint;
    v_tenants bigint;
begin
    if p_minutes < interval '1 day' or p_hours < interval '2 days' or p_days < interval '2 days' then
        raise exception 'audit_forget_usage: kept for %, % and %; allowed: at least 1 day of minutes, 2 of hours and days',
            p_minutes, p_hours, p_days using errcode = 'invalid_parameter_value';
    end if;
    delete from audit_spaceusage
    where step = 'minute' and at < v_through - p_minutes
       or step = 'hour' and at < v_through - p_hours
       or step = 'day' and at < v_through - p_days;
    get diagnostics v_spaces = row_count;
    delete from audit_tenantusage
    where step = 'minute' and at < v_through - p_minutes
       or step = 'hour' and at < v_through - p_hours
       or step = 'day' and at < v_through - p_days;
    get diagnostics v_tenants = row_count;
    return v_spaces + v_tenants;
end
$$;
revoke all on function audit_forget_usage(interval, interval, interval) from public;
grant execute on function audit_forget_usage(interval, interval, interval) to engram_app;
