-- What a tenant asked since then, step by step, all operations together: how many fell into each bucket of duration. A row a step
-- and outcome rather than a bucket, and its time in seconds, because rows cost their reader more than numbers do, and times more still.
select extract(epoch from u.at)::bigint, u.outcome, array_agg(u.bucket), array_agg(u.operations), sum(u.milliseconds)
from (
    select t.at, t.outcome, t.bucket, sum(t.operations)::bigint as operations, sum(t.milliseconds) as milliseconds
    from audit_tenantusage t
    where t.tenant_id = %(tenant_id)s and t.step = %(step)s and t.at >= %(after)s
    group by t.at, t.outcome, t.bucket
) u
group by u.at, u.outcome
order by u.at, u.outcome
