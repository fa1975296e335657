-- Make the monthly partitions from this month on; the function belongs to the owner, who alone may create tables.
select audit_make_partitions(%(months)s)
