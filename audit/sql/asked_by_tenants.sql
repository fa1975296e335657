-- How much each of some tenants asked since a time, and how much was refused; a tenant that asked nothing has no row.
select asking_tenant_id, asked, refused from audit_asked_by_tenants(%(tenant_ids)s::uuid[], %(after)s)
