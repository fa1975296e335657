-- Is this user an admin of this tenant?
select exists (select from tenants_membership m join auth_user u on u.id = m.user_id and u.is_active
               where m.user_id = %(user_id)s and m.tenant_id = %(tenant_id)s and m.role = 'admin')
