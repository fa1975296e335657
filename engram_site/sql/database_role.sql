-- Who are we to the database, and could we see past row-level security?
select current_user,
       exists (select from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)),
       exists (select from pg_tables where schemaname = 'public' and tableowner = current_user)
