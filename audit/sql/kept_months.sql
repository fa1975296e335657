-- How many whole months the trail is kept.
select months from audit_retention
