"""Whether a space is whole: each memory once, in one tier, with its vector and words as that tier has them, and counted as it is.

One statement each time, because workers go on meanwhile.
"""

import json

from django.db import connection

from tenants.scope import space_tx
from tests.world import scope_of

BROKEN = """
with held as (
    select m.id, m.tier, m.content_hash, m.lexemes = '' as wordless,
           array(select e.tier from memory_embedding e where e.space_id = m.space_id and e.memory_id = m.id) as vectors
    from memory_memory m where m.space_id = %(space_id)s
),
tallied as (
    select tier, sum(memories) as memories from memory_tally where space_id = %(space_id)s group by tier having sum(memories) <> 0
)
select
    (select count(*) from held where vectors <> array[tier]),
    (select count(*) - count(distinct content_hash) from held),
    (select count(*) from held where (tier = 'cold') <> wordless),
    (select count(*) from memory_embedding where space_id = %(space_id)s) - (select count(*) from held),
    (select count(*) from tallied full join (select tier, count(*) from held group by tier) counted (tier, memories) using (tier)
     where tallied.memories is distinct from counted.memories),
    (select coalesce(json_object_agg(tier, memories), '{}')::text from tallied)
"""


def assert_whole(space: str, memories: int) -> dict[str, int]:
    """How many memories each tier holds."""
    scope = scope_of(space)
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute(BROKEN, {"space_id": scope.space_id})
        *broken, tiers = cursor.fetchone()
    assert broken == [0, 0, 0, 0, 0]
    held: dict[str, int] = json.loads(tiers)
    assert sum(held.values()) == memories
    return held
