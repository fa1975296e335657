-- Note that a task ran.
insert into tenants_taskrun as run (task, finished_at, seconds, failed, runs, failures)
values (%(task)s, now(), %(seconds)s, %(failed)s, 1, %(failed)s::integer)
on conflict (task) do update
    set finished_at = excluded.finished_at, seconds = excluded.seconds, failed = excluded.failed,
        runs = run.runs + 1, failures = run.failures + excluded.failures
