-- Delete a memory; the foreign keys take its vector and associations along.
delete from memory_memory where space_id = %(space_id)s and id = %(id)s returning id
