-- Delete at most p_limit of a space's rows from any of its tables, by the table's primary key. Returns how many.
-- Runs with its caller's rights, so policies bind it.
create or replace function engram_erase(p_space_id uuid, p_table regclass, p_limit integer) returns bigint
language plpgsql
set search_path = public, pg_temp
-- A batch is small beside its table, whatever the planner believes of one that was just filled.
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    v_key text;
    v_erased bigint;
begin
    select string_agg(quote_ident(a.attname), ', ' order by key.ord) into v_key
    from pg_index i
    cross join unnest(i.indkey) with ordinality key (attnum, ord)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = key.attnum
    where i.indrelid = p_table and i.indisprimary;
    execute format(
        'delete from %1$s where space_id = $1 and (%2$s) in (select %2$s from %1$s where space_id = $1 limit $2)', p_table, v_key)
        using p_space_id, p_limit;
    get diagnostics v_erased = row_count;
    return v_erased;
end
$$;
