-- How many of a space's memories the connection sees, whatever scope it is in.
select count(*) from memory_memory where space_id = %(space_id)s
