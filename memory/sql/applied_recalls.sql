-- Up to which of its recalls the space has been reinforced (no row: none).
select applied_id from memory_reinforcement where space_id = %(space_id)s
