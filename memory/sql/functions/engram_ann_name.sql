-- The name of the index over a space's vectors in a tier.
create or replace function engram_ann_name(p_space_id uuid, p_tier text) returns text
language sql immutable
as $$
    select 'memory_ann_' || p_tier || '_' || replace(p_space_id::text, '-', '')
$$;
