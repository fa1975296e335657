-- Which of these ids are memories of the space, and not expired? They are kept from being forgotten until the transaction ends.
select m.id from memory_memory m
where m.space_id = %(space_id)s and m.id = any(%(ids)s::uuid[]) and (m.expires_at is null or m.expires_at > now())
order by m.id
for key share
