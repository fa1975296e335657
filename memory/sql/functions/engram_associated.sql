-- The weight of an association between memories recalled together (Hebb, 1949): it fades to 1/e in 30 days, and each time it
-- comes a tenth nearer to 1, which it never reaches (soft-bounded, as in Oja, 1982). p_weight is what it was at p_since.
create or replace function engram_associated(p_weight real, p_since timestamptz, p_at timestamptz, p_times integer) returns real
language sql immutable
as $$
    select (1 - (1 - p_weight * engram_retrievability(30, p_since, p_at)) * power(0.9::double precision, p_times))::real
$$;
