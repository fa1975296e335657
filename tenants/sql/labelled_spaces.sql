-- The installation's oldest spaces and whose they are; ids grow with time.
select s.name, t.slug from tenants_space s join tenants_tenant t on t.id = s.tenant_id order by s.id limit %(most)s
