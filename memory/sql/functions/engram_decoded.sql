-- The unit vector of a code.
create or replace function engram_decoded(p_code bytea) returns halfvec
language sql immutable strict
set search_path = public, pg_temp
as $$
    select l2_normalize(array(select get_byte(p_code, i) - 128 from generate_series(0, length(p_code) - 1) i)::halfvec)
$$;
