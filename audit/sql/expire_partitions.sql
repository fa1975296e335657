-- Drop the months that are older than the trail is kept; the function belongs to the owner, who alone says how long that is.
select audit_expire_partitions()
