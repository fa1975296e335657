-- Keep the next bytes of an import's file. Nothing is kept unless the file has come as far as this part's start.
with grown as (
    update memory_import set bytes = bytes + length(%(body)b::bytea), updated_at = now()
    where space_id = %(space_id)s and id = %(id)s and bytes = %(start)s and status = 'receiving'
    returning id
)
insert into memory_importpart (space_id, import_id, start, body)
select %(space_id)s::uuid, id, %(start)s, %(body)b::bytea from grown
returning start
