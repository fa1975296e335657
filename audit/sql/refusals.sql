-- Why the tenant's newest operations were refused, the commonest reason first.
with newest as (
    select e.at, e.action, e.outcome, e.space, e.reason, e.times
    from audit_auditevent e
    where e.tenant_id = %(tenant_id)s and e.at > %(since)s
    order by e.at desc, e.id desc
    limit %(newest)s
)
select n.outcome, n.reason, n.action, n.space, sum(n.times), max(n.at)
from newest n
where n.outcome <> 'allowed'
group by n.outcome, n.reason, n.action, n.space
order by sum(n.times) desc, max(n.at) desc
limit %(limit)s
