-- The newest p_most of a memory's recalls, in their order, none later than p_now: one by a clock that has been put back since would
-- stay the newest until that clock comes there again.
create or replace function engram_recent(
    p_held timestamptz[], p_new timestamptz[], p_now timestamptz, p_most integer
) returns timestamptz[]
language sql immutable
as $$
    select array(
        select newest.at
        from (select least(r.at, p_now) as at from unnest(p_held || p_new) r (at) order by 1 desc limit p_most) newest
        order by newest.at)
$$;
