-- The text search configurations that the server has.
select cfgname::text from pg_ts_config where pg_ts_config_is_visible(oid) order by cfgname
