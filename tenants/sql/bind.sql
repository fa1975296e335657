-- Say which space and tenant the rest of this transaction may see. Three settings, one round trip.
select set_config('engram.space_id', %(space_id)s, true),
       set_config('engram.tenant_id', %(tenant_id)s, true),
       set_config('synchronous_commit', %(synchronous_commit)s, true)
