-- Bring the usage series up to the last whole minute, at most six hours of the trail at a call; returns the minute reached.
-- Runs as the owner, because a space's series counts its guests too, whose events are in their own tenants' trails.
-- Counting the same minutes again gives the same rows: the last five are, for transactions that committed late.
-- A refusal names a space without having entered it. It counts for that space only if its tenant owns or was lent the space:
-- otherwise a stranger could write into a tenant's charts.
create or replace function audit_roll_up_usage() returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    v_now timestamptz := date_trunc('minute', now());
    v_from timestamptz;
    v_to timestamptz;
begin
    perform pg_advisory_xact_lock(hashtextextended('audit_roll_up_usage', 0));
    select through into v_from from audit_usageprogress;
    if v_from is null then
        select date_trunc('minute', min(at)) into v_from from audit_auditevent;
    end if;
    v_from := least(v_from, v_now) - interval '5 minutes';
    if v_from is null then
        return v_now;
    end if;
    v_to := least(v_now, v_from + interval '6 hours');

    insert into audit_spaceusage as held (space_id, step, at, action, outcome, bucket, operations, milliseconds)
    select s.id, 'minute', date_trunc('minute', e.at), e.action, e.outcome, audit_duration_bucket(e.duration_ms),
           sum(e.times), sum(e.times * e.duration_ms)
    from audit_auditevent e join tenants_space s on s.name = e.space
    where e.at >= v_from and e.at < v_to
      and (e.space_id = s.id
           or e.space_id is null and (s.tenant_id = e.tenant_id or exists (
               select from tenants_grant g where g.space_id = s.id and g.tenant_id = e.tenant_id)))
    group by 1, 2, 3, 4, 5, 6
    on conflict (space_id, step, at, action, outcome, bucket) do update
        set operations = excluded.operations, milliseconds = excluded.milliseconds
        where held.operations <> excluded.operations;

    insert into audit_tenantusage as held (tenant_id, step, at, action, outcome, bucket, operations, milliseconds)
    select e.tenant_id, 'minute', date_trunc('minute', e.at), e.action, e.outcome, audit_duration_bucket(e.duration_ms),
           sum(e.times), sum(e.times * e.duration_ms)
    from audit_auditevent e
    where e.at >= v_from and e.at < v_to
    group by 1, 2, 3, 4, 5, 6
    on conflict (tenant_id, step, at, action, outcome, bucket) do update
        set operations = excluded.operations, milliseconds = excluded.milliseconds
        where held.operations <> excluded.operations;

    perform audit_sum_up_usage('minute', 'hour', v_from);
    perform audit_sum_up_usage('hour', 'day', v_from);

    insert into audit_usageprogress as held (through) values (v_to)
    on conflict (single) do update set through = excluded.through;
    return v_to;
end
$$;
revoke all on function audit_roll_up_usage() from public;
grant execute on function audit_roll_up_usage() to engram_app;
