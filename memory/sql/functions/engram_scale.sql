-- Mean and standard deviation of p_n values with this sum and sum of squares, drawn towards p_mean and p_deviation, with the weight of
-- 50 values: a handful says little.
create or replace function engram_scale(
    p_n bigint, p_total double precision, p_squares double precision, p_mean double precision, p_deviation double precision
) returns table (mean double precision, deviation double precision)
language sql immutable
as $$
    select drawn.mean, sqrt((greatest(0, p_squares - drawn.mean * (2 * p_total - p_n * drawn.mean)) + 50 * p_deviation ^ 2) / (p_n + 50))
    from (select (p_total + 50 * p_mean) / (p_n + 50) as mean) drawn
$$;
