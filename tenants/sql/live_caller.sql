-- Is this actor still one of its tenant's, and is the tenant active?
select mine.slug, mine.name, mine.status,
       exists (select from tenants_apikey k
               where k.id = %(key_id)s and k.tenant_id = mine.id and k.revoked_at is null
                 and (k.expires_at is null or k.expires_at > now()))
       or exists (select from tenants_membership m join auth_user u on u.id = m.user_id and u.is_active
                  where m.user_id = %(user_id)s and m.tenant_id = mine.id)
       or exists (select from tenants_signingkey k
                  where k.kid = %(kid)s and k.tenant_id = mine.id and k.revoked_at is null
                    and (k.expires_at is null or k.expires_at > now())) as is_live
from tenants_tenant mine
where mine.id = %(tenant_id)s
