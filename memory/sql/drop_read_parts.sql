-- Delete the parts of an import's file that were read to their end.
delete from memory_importpart
where space_id = %(space_id)s and import_id = %(id)s and start + length(body) <= %(offset)s
