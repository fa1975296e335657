-- What is wrong with the database's locks, as the connected role finds them: which check, and what it found. No row: all is well.
with ours as (
    select c.oid, c.relname, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.reloptions, c.relacl
    from pg_class c
    where c.relnamespace = 'public'::regnamespace
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
), scoped as (
    -- The control plane is read before a tenant is known; its tables are the app "tenants"'. All else of a space or tenant is locked.
    select distinct on (o.oid) o.*, a.attname as key
    from ours o join pg_attribute a on a.attrelid = o.oid and a.attname in ('space_id', 'tenant_id')
    where o.relkind in ('r', 'p') and not o.relispartition and o.relname !~ '^tenants_'
    order by o.oid, a.attname = 'tenant_id', a.attname
), locked as (
    select s.*, case when s.relname ~ '^audit_(auditevent|auditseal)$' then 'tenant_id' else s.key end as lock from scoped s
)
select 'role', format('the role %s is a superuser, bypasses policies, or may make roles or databases', rolname)
from pg_roles where rolname = current_user and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
union all
select 'role', format('the role %s belongs to %s', current_user, pg_get_userbyid(m.roleid))
from pg_auth_members m where m.member = current_user::regrole
union all
select 'role', format('the role comes with the setting %s', setting)
from pg_db_role_setting s, unnest(s.setconfig) setting
where s.setrole in (current_user::regrole, 0) and setting ~ '^(engram\.|row_security)'
union all
select 'owner', format('%s belongs to the role that the site logs in as', o.relname) from ours o where o.relowner = current_user::regrole
union all
select 'owner', format('%s owns tables and is a superuser', r.rolname)
from pg_roles r where r.rolsuper and exists (select from ours o where o.relowner = r.oid)
union all
select 'owner', format('%s owns tables and does not bypass policies, so that migrations would change no rows', r.rolname)
from pg_roles r where not r.rolsuper and not r.rolbypassrls and exists (select from ours o where o.relowner = r.oid)
union all
select 'policies', format('%s has no enabled and forced row-level security', l.relname)
from locked l where not (l.relrowsecurity and l.relforcerowsecurity)
union all
select 'policies', format('%s has %s policies and not one', l.relname, count(p.policyname))
from locked l left join pg_policies p on p.schemaname = 'public' and p.tablename = l.relname
group by l.relname having count(p.policyname) <> 1
union all
select 'policies', format('the policy %s of %s is not the plain one', p.policyname, l.relname)
from locked l join pg_policies p on p.schemaname = 'public' and p.tablename = l.relname
cross join lateral (
    select format('(%s = (NULLIF(current_setting(''engram.%s''::text, true), ''''::text))::uuid)', l.lock, l.lock) as plain
) expected
where p.permissive <> 'PERMISSIVE' or p.cmd <> 'ALL' or p.roles <> array[current_user]::name[]
   or p.qual is distinct from expected.plain or p.with_check is distinct from expected.plain
union all
select 'grants', format('%s may be read past its parent''s policy', o.relname)
from ours o where o.relispartition and has_any_column_privilege(o.oid, 'select, insert, update, references')
union all
select 'grants', format('the role may %s %s', lower(privilege), o.relname)
from ours o, unnest(array['TRUNCATE', 'TRIGGER', 'REFERENCES']) privilege
where o.relkind in ('r', 'p') and has_table_privilege(o.oid, privilege)
union all
select 'grants', format('the role may %s %s', lower(privilege), o.relname)
from ours o, unnest(array['INSERT', 'UPDATE', 'DELETE']) privilege
where o.relname ~ '^audit_' and o.relkind in ('r', 'p') and has_table_privilege(o.oid, privilege)
  and not (privilege = 'INSERT' and o.relname in ('audit_auditevent', 'audit_auditseal'))
union all
select 'grants', 'the role may make tables and functions in the schema public' where has_schema_privilege('public', 'create')
union all
select 'audit', format('nothing stops a change of %s', o.relname)
from ours o
where o.relname in ('audit_auditevent', 'audit_auditseal')
  and (select count(*) from pg_trigger t where t.tgrelid = o.oid and t.tgenabled in ('O', 'A') and t.tgname ~ '_(append_only|no_truncate)$') < 2
union all
select 'functions', format('%s runs as its owner and looks wherever its caller says', p.proname)
from pg_proc p
where p.prosecdef and p.pronamespace = 'public'::regnamespace
  and not exists (select from unnest(p.proconfig) setting where setting ~ '^search_path=.*pg_temp$')
union all
select 'functions', format('%s runs as its owner and is everybody''s', p.proname)
from pg_proc p
where p.prosecdef and p.pronamespace = 'public'::regnamespace
  and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) given where given.grantee = 0)
union all
select 'views', format('%s reads with its owner''s rights', o.relname)
from ours o
where o.relkind = 'm'
   or o.relkind = 'v' and not coalesce(o.reloptions && array['security_invoker=true', 'security_invoker=on'], false)
union all
select 'versions', format('PostgreSQL is %s; needed: 18 or newer', current_setting('server_version'))
where current_setting('server_version_num')::integer < 180000
union all
select 'versions', format('pgvector is %s; needed: 0.8.6 or newer', e.extversion)
from pg_extension e where e.extname = 'vector' and string_to_array(e.extversion, '.')::integer[] < array[0, 8, 6]
