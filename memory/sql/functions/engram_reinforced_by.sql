-- The stability (days) of a memory after several recalls, one after the other: engram_reinforced for each.
create or replace function engram_reinforced_by(p_stability real, p_since timestamptz, p_times timestamptz[]) returns real
language plpgsql immutable
as $$
declare
    v_stability real := p_stability;
    v_since timestamptz := p_since;
    v_at timestamptz;
begin
    foreach v_at in array p_times loop
        v_stability := engram_reinforced(v_stability, v_since, v_at);
        v_since := greatest(v_since, v_at);
    end loop;
    return v_stability;
end
$$;
