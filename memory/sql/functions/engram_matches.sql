-- Does a memory pass the filters of a recall? p_filters may hold session, kind, metadata (contained in the memory's),
-- created_after, created_before, observed_after and observed_before. An expired memory never passes.
-- A single expression, so that the planner inlines it; most recalls have no filters, and stop at asking that.
create or replace function engram_matches(m memory_memory, p_filters jsonb) returns boolean
language sql stable
as $$
    select (m.expires_at is null or m.expires_at > now())
       and (p_filters = '{}' or (
               (p_filters ->> 'session' is null or m.session = p_filters ->> 'session')
           and (p_filters ->> 'kind' is null or m.kind = p_filters ->> 'kind')
           and (p_filters -> 'metadata' is null or m.metadata @> (p_filters -> 'metadata'))
           and (p_filters ->> 'created_after' is null or m.created_at > (p_filters ->> 'created_after')::timestamptz)
           and (p_filters ->> 'created_before' is null or m.created_at < (p_filters ->> 'created_before')::timestamptz)
           and (p_filters ->> 'observed_after' is null or m.observed_at > (p_filters ->> 'observed_after')::timestamptz)
           and (p_filters ->> 'observed_before' is null or m.observed_at < (p_filters ->> 'observed_before')::timestamptz)))
$$;
