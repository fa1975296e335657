-- What a bearer of a token that a tenant signed itself may touch right now: the tenant's own spaces, while the signing key stands.
-- Which of them, and what there, is for the token's claims to say.
select s.id, s.name, s.title, s.description, s.status, s.created_at, p.name as parent, t.slug as team,
       s.tenant_id, mine.slug, mine.status, mine.status, s.embedding_model, s.embedding_dimension, s.text_search,
       s.reread_to is not null, s.limits,
       array['read', 'write', 'manage'] as by_tenant,
       array['read', 'write', 'manage'] as by_actor
from tenants_signingkey k
join tenants_tenant mine on mine.id = k.tenant_id
join tenants_space s on s.tenant_id = mine.id
left join tenants_space p on p.id = s.parent_id
left join tenants_team t on t.id = s.team_id
where k.kid = %(actor)s and k.tenant_id = %(tenant_id)s
  and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
  and (%(names)s::text[] is null or s.name = any(%(names)s::text[]))
order by s.name
