-- The roles, rights and extensions of Engram's database. Run it in that database as a superuser, as often as you
-- like; passwords are set separately. Attributes are altered only where they are wrong, because a role that may
-- merely create roles is not allowed to name them again.

do $$
begin
    if not exists (select from pg_roles where rolname = 'engram_owner') then
        create role engram_owner login bypassrls;
    end if;
    if exists (
        select from pg_roles
        where rolname = 'engram_owner' and (rolsuper or not rolbypassrls or not rolcanlogin)
    ) then
        alter role engram_owner login nosuperuser bypassrls;
    end if;

    if not exists (select from pg_roles where rolname = 'engram_app') then
        create role engram_app login noinherit;
    end if;
    if exists (
        select from pg_roles
        where rolname = 'engram_app'
          and (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolinherit or not rolcanlogin)
    ) then
        alter role engram_app login nosuperuser nobypassrls nocreatedb nocreaterole noinherit;
    end if;

    if not exists (select from pg_roles where rolname = 'engram_backup') then
        create role engram_backup login bypassrls;
    end if;
    if exists (
        select from pg_roles
        where rolname = 'engram_backup' and (rolsuper or not rolbypassrls or not rolcanlogin)
    ) then
        alter role engram_backup login nosuperuser bypassrls;
    end if;
    if not pg_has_role('engram_backup', 'pg_read_all_data', 'member') then
        grant pg_read_all_data to engram_backup;
    end if;

    -- To hand a database over, whoever is no superuser must belong to its new owner.
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant engram_owner to %I', current_user);
    end if;
    execute format('alter database %I owner to engram_owner', current_database());
end
$$;

alter role engram_app set statement_timeout = '30s';
alter role engram_app set idle_in_transaction_session_timeout = '30s';
alter role engram_app set lock_timeout = '5s';

alter role engram_backup set default_transaction_read_only = on;

create extension if not exists vector;
create extension if not exists btree_gin;

alter schema public owner to engram_owner;
revoke create on schema public from public;
grant usage on schema public to engram_app, engram_backup;
