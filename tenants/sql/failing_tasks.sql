-- Tasks about a tenant's spaces that failed for good since then and that nobody has sent again, the last to fail first.
select l.task, s.name, s.title, count(*), max(l.failed_at)
from tenants_deadletter l
join tenants_space s on s.id::text = l.arguments ->> 0
where s.tenant_id = %(tenant_id)s and l.failed_at > %(since)s and l.sent_again_at is null
group by l.task, s.name, s.title
order by max(l.failed_at) desc, s.name, l.task
limit %(limit)s
