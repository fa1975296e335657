-- A vector's direction in a byte a number, the largest of them being 127 (128 is nought): half of a halfvec's size. The cosine
-- of a vector of 384 numbers and its code is 0.99999.
create or replace function engram_code(p_vector halfvec) returns bytea
language sql immutable strict
set search_path = public, pg_temp
as $$
    select string_agg(set_byte('\x00'::bytea, 0, (round(number / largest.size * 127) + 128)::integer), ''::bytea order by ord)
    from unnest(p_vector::real[]) with ordinality n (number, ord),
         (select max(abs(number)) as size from unnest(p_vector::real[]) number) largest
$$;
