-- Keep the trail for so many whole months; the owner alone may say so.
update audit_retention set months = %(months)s
