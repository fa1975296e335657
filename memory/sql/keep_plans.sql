-- Let the rest of this transaction plan each of its triggers' statements once, whatever it is called with.
select set_config('plan_cache_mode', 'force_generic_plan', true)
