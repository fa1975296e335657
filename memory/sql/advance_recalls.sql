-- Note that the space's recalls are applied up to a new one, unless somebody else has gone on from the old one. Returns whether.
insert into memory_reinforcement as held (space_id, applied_id)
select %(space_id)s::uuid, %(last)s::text
where %(first)s::text is null or exists (select from memory_reinforcement where space_id = %(space_id)s)
on conflict (space_id) do update set applied_id = excluded.applied_id where held.applied_id = %(first)s::text
returning true
