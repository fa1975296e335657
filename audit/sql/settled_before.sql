-- An event's time is its statement's, which is no earlier than its transaction's start. The app's role sees its own sessions here,
-- and only they write events.
select least(now() - interval '1 second', min(a.xact_start))
from pg_stat_activity a
where a.datname = current_database() and a.pid <> pg_backend_pid()
