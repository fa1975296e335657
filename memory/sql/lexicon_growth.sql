-- How many memories of the space have lexemes, and how many its lexicon counted (null if it has none, 0 if that is a day ago or was
-- overtaken by a change of all words).
select (select coalesce(sum(t.memories), 0)::bigint from memory_tally t where t.space_id = %(space_id)s and t.tier <> 'cold'),
       (select case when l.counted_at > now() - interval '1 day' then l.memories else 0 end
        from memory_lexeme l where l.space_id = %(space_id)s and l.lexeme = '')
