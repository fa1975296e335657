-- What each of some tenants has asked since p_after, by whole hours, and how much of it was not allowed: for operators, of all
-- tenants. It bypasses nothing: it turns to one tenant after the other, and the policy shows it that tenant's series alone. In
-- the end the transaction sees what it saw before.
create or replace function audit_asked_by_tenants(p_tenant_ids uuid[], p_after timestamptz)
returns table (asking_tenant_id uuid, asked bigint, refused bigint)
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $$
declare
    v_before text := coalesce(current_setting('engram.tenant_id', true), '');
    v_tenant_id uuid;
begin
    foreach v_tenant_id in array p_tenant_ids loop
        perform set_config('engram.tenant_id', v_tenant_id::text, true);
        return query
            select u.tenant_id, sum(u.operations)::bigint,
                   coalesce(sum(u.operations) filter (where u.outcome <> 'allowed'), 0)::bigint
            from audit_tenantusage u
            where u.tenant_id = v_tenant_id and u.step = 'hour' and u.at >= p_after
            group by u.tenant_id;
    end loop;
    perform set_config('engram.tenant_id', v_before, true);
end
$$;
revoke all on function audit_asked_by_tenants(uuid[], timestamptz) from public;
grant execute on function audit_asked_by_tenants(uuid[], timestamptz) to engram_app;
