-- Drop the usage series' steps that are older than they are kept.
select audit_forget_usage(make_interval(days => %(minutes)s), make_interval(days => %(hours)s), make_interval(days => %(days)s))
