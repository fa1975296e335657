-- Delete what is left of an import's file, and the ids that it knew memories by.
with aliases as (
    delete from memory_importalias where space_id = %(space_id)s and import_id = %(id)s
)
delete from memory_importpart where space_id = %(space_id)s and import_id = %(id)s
