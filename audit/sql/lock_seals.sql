-- One worker at a time seals a tenant's events.
select pg_try_advisory_xact_lock(hashtextextended('audit_seals ' || %(tenant_id)s, 0))
