-- The lexemes of a memory, in the language that its space names (engram_text_search). Those of its heading, which is what stands
-- before its first colon or line break if that is at most 60 characters (a title, a speaker), are marked A: a match with what a
-- memory is about counts double.
-- A single expression, so that the planner inlines it. Cutting first bounds the heading far faster than counting within a pattern.
create or replace function engram_lexemes(p_content text, p_config regconfig) returns tsvector
language sql immutable parallel safe
as $$
    select setweight(to_tsvector(p_config, coalesce(
               substring(left(p_content, 62) from '^([^:\n]+):\s'), substring(left(p_content, 61) from '^([^:\n]+)\n'), '')), 'A')
        || to_tsvector(p_config, p_content)
$$;
