-- How readily a memory comes to mind, 1 when fresh, falling to 1/e after p_stability days (Ebbinghaus, 1885).
-- PostgreSQL raises an error where exp() would underflow, so after 700 times its stability a memory fades no further.
create or replace function engram_retrievability(p_stability real, p_since timestamptz, p_at timestamptz) returns double precision
language sql immutable
as $$
    select exp(-least(700, greatest(0, extract(epoch from p_at - p_since)::double precision / 86400) / p_stability))
$$;
