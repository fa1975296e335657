"""How much disk, cache and how many cores an installation needs, from what ``./engram bench footprint`` measured."""

import math
from dataclasses import dataclass

# Bytes on disk, indexes included.
A_MEMORY = 510
A_BYTE_OF_TEXT = 2.4
A_VECTOR = 203
A_NUMBER = 2
A_COLD_VECTOR = 174
A_COLD_NUMBER = 1.125
AN_ASSOCIATION = 211
A_LEXICON_ENTRY = 32
A_NAME = 171
AN_AUDIT_ROW = 341

# Operations a second of one core, web and database together, on a busy machine.
RECALLS = 10
TEXTS_EMBEDDED = 100

# Room for dead rows until vacuum has been, and for the write-ahead log.
HEADROOM = 1.4
SECONDS_A_DAY = 86_400
GIGABYTE = 1e9


@dataclass(frozen=True)
class Demand:
    """What is to be held and done. ``memories`` are a tenant's, ``associations`` and ``names`` a memory's; ``cold`` is a share
    from 0 to 1; rates are of all tenants together."""

    tenants: int
    memories: int
    text_bytes: int = 200
    dimension: int = 384
    associations: float = 4.0
    names: float = 2.0
    cold: float = 0.0
    recalls_per_second: float = 1.0
    remembered_per_second: float = 1.0
    audit_days: int = 90


@dataclass(frozen=True, slots=True)
class Plan:
    """``cache_gb`` is what the database should find in memory, its own and the system's: all that is not cold."""

    memories: int
    data_gb: float
    audit_gb: float
    disk_gb: float
    cache_gb: float
    cores: int
    web_workers: int


def plan(demand: Demand) -> Plan:
    memories = demand.tenants * demand.memories
    shared = A_MEMORY + A_BYTE_OF_TEXT * demand.text_bytes + A_LEXICON_ENTRY
    shared += AN_ASSOCIATION * demand.associations + A_NAME * demand.names
    warm = memories * (1 - demand.cold) * (shared + A_VECTOR + A_NUMBER * demand.dimension)
    cold = memories * demand.cold * (shared + A_COLD_VECTOR + A_COLD_NUMBER * demand.dimension)
    operations = demand.recalls_per_second + demand.remembered_per_second
    audit = operations * SECONDS_A_DAY * demand.audit_days * AN_AUDIT_ROW
    work = demand.recalls_per_second / RECALLS + demand.remembered_per_second / TEXTS_EMBEDDED
    cores = max(2, math.ceil(work))
    return Plan(
        memories=memories,
        data_gb=_gigabytes(warm + cold),
        audit_gb=_gigabytes(audit),
        disk_gb=_gigabytes((warm + cold + audit) * HEADROOM),
        cache_gb=_gigabytes(warm),
        cores=cores,
        web_workers=cores,
    )


def _gigabytes(size: float) -> float:
    return round(size / GIGABYTE, 1)
