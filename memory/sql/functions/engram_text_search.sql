-- How a space's words are read: the text search configuration that it names. Of one that is gone words stand as they are, so that
-- what is stored into it fails for its being gone.
create or replace function engram_text_search(p_space_id uuid) returns regconfig
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
    select coalesce((select s.text_search from public.tenants_space s where s.id = p_space_id), 'simple')::regconfig
$$;
