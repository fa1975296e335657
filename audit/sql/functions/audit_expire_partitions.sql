-- Drop the monthly partitions of events and seals that ended before the months that are kept. Runs as the owner, and takes no
-- argument: how long the trail is kept stands in audit_retention, which the app may only read. Returns what was dropped.
-- Each tenant's last dropped seal is written down first: without it, a beginning that expired looks like one that was taken away.
create or replace function audit_expire_partitions() returns setof text
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    v_first text;
    v_name text;
begin
    select to_char(date_trunc('month', now() at time zone 'UTC') - make_interval(months => months), 'YYYYMM')
    into strict v_first from audit_retention;
    perform pg_advisory_xact_lock(hashtextextended('audit_make_partitions', 0));
    for v_name in
        select part.relname
        from pg_inherits join pg_class part on part.oid = inhrelid
        where inhparent in ('public.audit_auditevent'::regclass, 'public.audit_auditseal'::regclass)
          and part.relname ~ '_[0-9]{6}$' and right(part.relname, 6) < v_first
        order by 1
    loop
        if v_name like 'audit\_auditseal\_%' then
            -- Before it is read, so that no seal comes in between.
            execute format('lock table public.%I in access exclusive mode', v_name);
            execute format(
                'insert into public.audit_expiredseal as held (tenant_id, number, through_at, through_id, digest)
                 select distinct on (tenant_id) tenant_id, number, through_at, through_id, digest
                 from public.%I order by tenant_id, number desc
                 on conflict (tenant_id) do update
                     set number = excluded.number, through_at = excluded.through_at, through_id = excluded.through_id,
                         digest = excluded.digest
                     where held.number < excluded.number', v_name);
        end if;
        execute format('drop table public.%I', v_name);
        return next v_name;
    end loop;
end
$$;
revoke all on function audit_expire_partitions() from public;
grant execute on function audit_expire_partitions() to engram_app;
