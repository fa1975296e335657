-- Let the planner know what a space has become: ANALYZE the partitions that hold it, those of which a tenth has changed since.
-- The app's role owns no table and may not. Where an index is being built just now it is left to autovacuum, which comes by anyway.
create or replace function engram_analyze(p_space_id uuid) returns void
language plpgsql security definer
set search_path = public, pg_temp
set lock_timeout = '1s'
as $$
declare
    v_leaf regclass;
begin
    perform engram_check_space(p_space_id);
    for v_leaf in
        (select m.tableoid::regclass from memory_memory m where m.space_id = p_space_id limit 1)
        union all
        (select a.tableoid::regclass from memory_association a where a.space_id = p_space_id limit 1)
        union all
        select leaf.name from unnest(array['hot', 'warm', 'cold']) tier
        cross join lateral (
            select e.tableoid::regclass as name from memory_embedding e where e.space_id = p_space_id and e.tier = tier limit 1) leaf
    loop
        continue when not exists (
            select from pg_class c where c.oid = v_leaf and pg_stat_get_mod_since_analyze(c.oid) > 500 + 0.1 * greatest(0, c.reltuples));
        execute format('analyze %s', v_leaf);
    end loop;
exception when lock_not_available then
    null;
end
$$;
revoke all on function engram_analyze(uuid) from public;
grant execute on function engram_analyze(uuid) to engram_app;
