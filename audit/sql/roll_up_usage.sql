-- Bring the usage series up to the last whole minute, or six hours further; the function belongs to the owner, who alone writes them.
select audit_roll_up_usage(), date_trunc('minute', now())
