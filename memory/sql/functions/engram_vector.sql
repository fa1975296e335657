-- A memory's vector, whatever its tier. A single expression, so that the planner inlines it.
create or replace function engram_vector(e memory_embedding) returns halfvec
language sql immutable
as $$
    select coalesce(e.vector, engram_decoded(e.code))
$$;
