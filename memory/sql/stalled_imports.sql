-- Imports that no worker is at.
select space_id, import_id from memory_stalled_imports(make_interval(secs => %(seconds)s))
