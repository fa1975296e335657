-- When the space's newest memory came.
select m.created_at from memory_memory m where m.space_id = %(space_id)s order by m.created_at desc, m.id desc limit 1
