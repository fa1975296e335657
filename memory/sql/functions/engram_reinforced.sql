-- The stability (days) of a memory recalled once more: it doubles when the memory was nearly forgotten and hardly grows when it
-- was fresh, so spaced recalls strengthen more than massed ones (the spacing effect; Wozniak's two-component model, 1995).
create or replace function engram_reinforced(p_stability real, p_since timestamptz, p_at timestamptz) returns real
language sql immutable
as $$
    select least(36500, p_stability * (2 - engram_retrievability(p_stability, p_since, p_at)))::real
$$;
