-- The text search configurations that the server has, each written as a statement has to write it.
select oid::regconfig::text from pg_ts_config where pg_ts_config_is_visible(oid) order by cfgname
