-- The bucket of a duration: b for durations above sqrt(2)^(b-1) and up to sqrt(2)^b milliseconds, from a microsecond to an hour.
create or replace function audit_duration_bucket(p_milliseconds double precision) returns smallint
language sql immutable
as $$
    select ceil(2 * ln(least(greatest(p_milliseconds, 0.001), 3600000)) / ln(2))::smallint
$$;
