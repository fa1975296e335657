-- The guard of every SECURITY DEFINER function: inside them policies do not bind, so the space asked for must be the one that
-- the transaction was opened for.
create or replace function engram_check_space(p_space_id uuid) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_space_id is distinct from nullif(current_setting('engram.space_id', true), '')::uuid then
        raise exception 'The transaction was not opened for this space.' using errcode = 'insufficient_privilege';
    end if;
end
$$;
