-- Has a space an index over its vectors in a tier, and one that is complete? One that is being built, or was left behind by a
-- worker that was killed, is not.
create or replace function engram_has_ann(p_space_id uuid, p_tier text) returns boolean
language sql stable
set search_path = pg_catalog, public, pg_temp
as $$
    select exists (
        select from pg_index i
        where i.indexrelid = to_regclass('public.' || public.engram_ann_name(p_space_id, p_tier)) and i.indisvalid
    )
$$;
