-- What a caller may touch right now: one row for each space it has any hold on, narrowed to %(names)s unless that is null.
-- Its tenant holds a space by owning it or by a grant; the actor's share of that comes from its key or its membership.
select s.id, s.name, s.title, s.description, s.status, s.created_at, p.name as parent,
       s.tenant_id as owner_id, owner.slug as owner, owner.status as owner_status, mine.status as tenant_status,
       s.embedding_model, s.embedding_dimension,
       case when s.tenant_id = mine.id then array['read', 'write', 'manage'] else g.permissions::text[] end as tenant_permissions,
       case when k.id is not null then ks.permissions::text[]
            when m.role = 'admin' then array['read', 'write', 'manage']
            when m.role = 'member' then array['read'] end as actor_permissions
from tenants_tenant mine
join tenants_space s on true
join tenants_tenant owner on owner.id = s.tenant_id
left join tenants_space p on p.id = s.parent_id and p.tenant_id = mine.id
left join tenants_grant g on g.space_id = s.id and g.tenant_id = mine.id
left join tenants_apikey k
    on k.id = %(key_id)s and k.tenant_id = mine.id and k.revoked_at is null
   and (k.expires_at is null or k.expires_at > now())
left join tenants_apikeyspace ks on ks.key_id = k.id and ks.space_id = s.id
left join (tenants_membership m join auth_user u on u.id = m.user_id and u.is_active)
    on m.user_id = %(user_id)s and m.tenant_id = mine.id
where mine.id = %(tenant_id)s
  and (s.tenant_id = mine.id or g.id is not null)
  and (ks.id is not null or m.id is not null)
  and (%(names)s::text[] is null or s.name = any(%(names)s::text[]))
order by s.name
