-- What an API key may touch right now: a row for each space that it names and its tenant still holds, by owning it or by a grant.
select s.id, s.name, s.title, s.description, s.status, s.created_at, p.name as parent, t.slug as team,
       s.tenant_id, owner.slug, owner.status, mine.status, s.embedding_model, s.embedding_dimension, s.text_search,
       s.reread_to is not null, s.limits,
       case when s.tenant_id = mine.id then array['read', 'write', 'manage'] else g.permissions::text[] end as by_tenant,
       ks.permissions::text[] as by_actor
from tenants_apikey k
join tenants_tenant mine on mine.id = k.tenant_id
join tenants_apikeyspace ks on ks.key_id = k.id
join tenants_space s on s.id = ks.space_id
join tenants_tenant owner on owner.id = s.tenant_id
left join tenants_space p on p.id = s.parent_id and p.tenant_id = mine.id
left join tenants_team t on t.id = s.team_id and t.tenant_id = mine.id
left join tenants_grant g on g.space_id = s.id and g.tenant_id = mine.id
where k.id = %(actor)s and k.tenant_id = %(tenant_id)s
  and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
  and (s.tenant_id = mine.id or g.id is not null)
  and (%(names)s::text[] is null or s.name = any(%(names)s::text[]))
order by s.name
