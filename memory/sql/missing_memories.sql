-- Which of these ids are not memories of the space, or have expired?
select wanted.id
from unnest(%(ids)s::uuid[]) wanted (id)
where not exists (select from memory_memory m
                  where m.space_id = %(space_id)s and m.id = wanted.id and (m.expires_at is null or m.expires_at > now()))
