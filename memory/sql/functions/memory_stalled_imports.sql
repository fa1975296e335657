-- Imports that wait for a worker, or whose worker has not been heard of for p_silent, and those whose file was left unfinished a
-- day ago: where they are, and nothing of what they hold.
create or replace function memory_stalled_imports(p_silent interval) returns table (space_id uuid, import_id uuid)
language sql stable security definer
set search_path = public, pg_temp
as $$
    select i.space_id, i.id from memory_import i
    join tenants_space s on s.id = i.space_id and s.status = 'active'
    where (i.status in ('queued', 'running') and i.updated_at < now() - p_silent)
       or (i.status = 'receiving' and i.updated_at < now() - interval '1 day')
    order by i.updated_at
$$;
revoke all on function memory_stalled_imports(interval) from public;
grant execute on function memory_stalled_imports(interval) to engram_app;
