-- Sum the finer steps of both series up into coarser ones, for every coarser step that touches p_from or later.
create or replace function audit_sum_up_usage(p_finer text, p_coarser text, p_from timestamptz) returns void
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    v_from timestamptz := date_trunc(p_coarser, p_from, 'UTC');
begin
    insert into audit_spaceusage as held (space_id, step, at, action, outcome, bucket, operations, milliseconds)
    select u.space_id, p_coarser, date_trunc(p_coarser, u.at, 'UTC'), u.action, u.outcome, u.bucket,
           sum(u.operations), sum(u.milliseconds)
    from audit_spaceusage u
    where u.step = p_finer and u.at >= v_from
    group by 1, 2, 3, 4, 5, 6
    on conflict (space_id, step, at, action, outcome, bucket) do update
        set operations = excluded.operations, milliseconds = excluded.milliseconds
        where held.operations <> excluded.operations;

    insert into audit_tenantusage as held (tenant_id, step, at, action, outcome, bucket, operations, milliseconds)
    select u.tenant_id, p_coarser, date_trunc(p_coarser, u.at, 'UTC'), u.action, u.outcome, u.bucket,
           sum(u.operations), sum(u.milliseconds)
    from audit_tenantusage u
    where u.step = p_finer and u.at >= v_from
    group by 1, 2, 3, 4, 5, 6
    on conflict (tenant_id, step, at, action, outcome, bucket) do update
        set operations = excluded.operations, milliseconds = excluded.milliseconds
        where held.operations <> excluded.operations;
end
$$;
revoke all on function audit_sum_up_usage(text, text, timestamptz) from public;
