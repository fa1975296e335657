-- Let an index be built in this much memory: one that does not fit into it takes many times as long.
select set_config('maintenance_work_mem', %(kilobytes)s || 'kB', false)
