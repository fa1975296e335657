-- Monthly partitions of the audit trail's events and seals, from this month to p_months ahead. Runs as the owner, so that the app
-- role, which may not create tables, can have them made. Returns how many were missing.
-- A month whose rows came while it had no partition has them in the default one, and keeps them there: the others are made all the
-- same. PostgreSQL clones row triggers to partitions, but not the one against TRUNCATE: each gets its own here.
create or replace function audit_make_partitions(p_months integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
declare
    v_from date;
    v_table text;
    v_name text;
    v_made integer := 0;
begin
    if p_months not between 0 and 24 then
        raise exception 'audit_make_partitions: months is %, allowed: 0 to 24', p_months using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('audit_make_partitions', 0));
    for v_month in 0 .. p_months loop
        v_from := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => v_month))::date;
        foreach v_table in array array['audit_auditevent', 'audit_auditseal'] loop
            v_name := v_table || '_' || to_char(v_from, 'YYYYMM');
            if to_regclass('public.' || v_name) is null then
                begin
                    execute format(
                        'create table public.%I partition of public.%I for values from (%L) to (%L)', v_name, v_table,
                        v_from::text || ' 00:00:00+00', (v_from + interval '1 month')::date::text || ' 00:00:00+00');
                    v_made := v_made + 1;
                exception when check_violation then
                    raise warning 'audit_make_partitions: the rows that %_default has of % stay there', v_table, v_name;
                end;
            end if;
        end loop;
    end loop;
    for v_table, v_name in
        select inhparent::regclass, part.relname
        from pg_inherits join pg_class part on part.oid = inhrelid
        where inhparent in ('public.audit_auditevent'::regclass, 'public.audit_auditseal'::regclass)
          and not exists (select from pg_trigger where tgrelid = part.oid and tgname = inhparent::regclass || '_no_truncate')
    loop
        execute format(
            'create trigger %I before truncate on public.%I for each statement execute function public.audit_refuse_change()',
            v_table || '_no_truncate', v_name);
    end loop;
    return v_made;
end
$$;
revoke all on function audit_make_partitions(integer) from public;
grant execute on function audit_make_partitions(integer) to engram_app;
