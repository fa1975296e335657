-- How many memories the space has, and how many its lexicon counted (null if it has none).
select (select count(*) from memory_memory m where m.space_id = %(space_id)s),
       (select l.memories from memory_lexeme l where l.space_id = %(space_id)s and l.lexeme = '')
