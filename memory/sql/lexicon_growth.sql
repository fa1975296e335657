-- How many memories of the space have lexemes, and how many its lexicon counted (null if it has none).
select (select coalesce(sum(t.memories), 0)::bigint from memory_tally t where t.space_id = %(space_id)s and t.tier <> 'cold'),
       (select l.memories from memory_lexeme l where l.space_id = %(space_id)s and l.lexeme = '')
