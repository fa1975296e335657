-- Of an import's memories that were not stored: which are held under another id, because the space has their content already?
insert into memory_importalias (space_id, import_id, given, held)
select %(space_id)s::uuid, %(import_id)s, given.id, m.id
from unnest(%(ids)s::uuid[], %(contents)s::text[]) given (id, content)
join memory_memory m on m.space_id = %(space_id)s and m.content_hash = sha256(convert_to(given.content, 'UTF8'))
where not exists (select from memory_memory held where held.space_id = %(space_id)s and held.id = given.id)
on conflict do nothing
