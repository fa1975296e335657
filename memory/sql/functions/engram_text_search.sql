-- How a space's words are read: the text search configuration that it names.
create or replace function engram_text_search(p_space_id uuid) returns regconfig
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
    select s.text_search::regconfig from public.tenants_space s where s.id = p_space_id
$$;
