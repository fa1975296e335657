-- One row for one operation. The settings that row-level security reads must already name its tenant.
insert into audit_auditevent
    (tenant_id, space_id, space, actor_kind, actor_id, actor_name, action, outcome, target, reason, request_id, address,
     duration_ms, times)
values
    (%(tenant_id)s, %(space_id)s, %(space)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s, %(action)s, %(outcome)s, %(target)s,
     %(reason)s, %(request_id)s, %(address)s, %(duration_ms)s, %(times)s)
