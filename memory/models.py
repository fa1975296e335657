"""The data plane. Its tables are partitioned and under row-level security, both made in the migrations; every key starts with
the space, and no row is visible outside ``space_tx``."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now
from pgvector.django import BitField, HalfVectorField

from tenants.models import UUIDV7


class Tier(models.TextChoices):
    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


class Memory(models.Model):
    """Something remembered. ``session`` strings together what happened in one conversation or document, in order of ``id``."""

    pk = models.CompositePrimaryKey("space_id", "id")
    space_id = models.UUIDField()
    id = models.UUIDField(db_default=UUIDV7)
    content = models.TextField()
    content_hash = models.BinaryField()
    kind = models.TextField(default="fact")
    confidence = models.FloatField(default=1.0)
    session = models.TextField(null=True)
    metadata = models.JSONField(default=dict)
    observed_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    tier = models.TextField(choices=Tier, default=Tier.HOT)
    # Days until retrievability has fallen to 1/e.
    stability = models.FloatField(default=1.0)
    recall_count = models.IntegerField(default=0)
    last_recalled_at = models.DateTimeField(null=True)
    # The newest recalls while it is warm; enough of them within a day make it hot.
    recent_recalls = ArrayField(models.DateTimeField(), null=True)
    lexemes = SearchVectorField()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name_plural = "memories"

    def __str__(self) -> str:
        return str(self.id)


class Embedding(models.Model):
    """A memory's unit vector. Its tier is the memory's: a composite foreign key moves it along.

    A cold one has no ``vector`` but a ``code``, a byte a number, and ``bits``, the signs to search by; ``engram_vector`` in SQL
    gives the vector of either. Triggers keep it so.
    """

    pk = models.CompositePrimaryKey("space_id", "memory_id", "tier")
    space_id = models.UUIDField()
    memory_id = models.UUIDField()
    tier = models.TextField(choices=Tier)
    vector = HalfVectorField(null=True)
    code = models.BinaryField(null=True)
    bits = BitField(null=True)

    def __str__(self) -> str:
        return str(self.memory_id)


class Association(models.Model):
    """A directed link along which activation flows, ``weight`` in (0, 1]. Both ends are of one space, by foreign key."""

    class Kind(models.TextChoices):
        TEMPORAL = "temporal"
        ENTITY = "entity"
        EXPLICIT = "explicit"
        HEBBIAN = "hebbian"

    pk = models.CompositePrimaryKey("space_id", "source_id", "target_id", "kind")
    space_id = models.UUIDField()
    source_id = models.UUIDField()
    target_id = models.UUIDField()
    kind = models.TextField(choices=Kind)
    weight = models.FloatField()
    reinforced = models.IntegerField(default=0)
    # When the weight of a hebbian one was that; it has faded since.
    reinforced_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"


class Entity(models.Model):
    """A name that a memory holds. Memories that share a rare one are associated."""

    pk = models.CompositePrimaryKey("space_id", "name", "memory_id")
    space_id = models.UUIDField()
    name = models.TextField()
    memory_id = models.UUIDField()

    class Meta:
        verbose_name_plural = "entities"

    def __str__(self) -> str:
        return self.name


class Unlinked(models.Model):
    """A memory whose names a worker has still to read, because it is new or has another content."""

    pk = models.CompositePrimaryKey("space_id", "memory_id")
    space_id = models.UUIDField()
    memory_id = models.UUIDField()

    class Meta:
        verbose_name_plural = "unlinked"

    def __str__(self) -> str:
        return str(self.memory_id)


class Reinforcement(models.Model):
    """Up to which of its recalls, by Redis' ids, a space has been reinforced."""

    space_id = models.UUIDField(primary_key=True)
    applied_id = models.TextField()

    def __str__(self) -> str:
        return self.applied_id


class Tally(models.Model):
    """A share of how many memories, and bytes of their text, a space holds in a tier; triggers keep the sum over shards exact."""

    pk = models.CompositePrimaryKey("space_id", "tier", "shard")
    space_id = models.UUIDField()
    tier = models.TextField(choices=Tier)
    shard = models.SmallIntegerField()
    memories = models.BigIntegerField()
    bytes = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.tier}: {self.memories}"


class Lexeme(models.Model):
    """How many of a space's memories hold a lexeme. The empty one counts all memories: every memory holds it, and it alone says
    when that was counted."""

    pk = models.CompositePrimaryKey("space_id", "lexeme")
    space_id = models.UUIDField()
    lexeme = models.TextField()
    memories = models.IntegerField()
    counted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.lexeme


class IdempotencyKey(models.Model):
    """The answer that a client's ``Idempotency-Key`` got, given again to the same request for a day."""

    pk = models.CompositePrimaryKey("space_id", "actor_id", "key")
    space_id = models.UUIDField()
    actor_id = models.TextField()
    key = models.TextField()
    request_hash = models.BinaryField()
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key


class Import(models.Model):
    """A file on its way into a space: how much of it has come, how much of that is stored, and what was wrong with it.

    ``bytes`` and ``bytes_done`` count the file; ``existing`` the memories that the space held already and kept as they were.
    ``turn`` numbers the turns that workers take at it: a task is for one of them.
    """

    class Status(models.TextChoices):
        RECEIVING = "receiving"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (Status.RECEIVING, Status.QUEUED, Status.RUNNING)

    pk = models.CompositePrimaryKey("space_id", "id")
    space_id = models.UUIDField()
    id = models.UUIDField(db_default=UUIDV7)
    status = models.TextField(choices=Status, default=Status.RECEIVING)
    started_by = models.TextField()
    bytes = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    lines = models.BigIntegerField(default=0)
    memories = models.BigIntegerField(default=0)
    existing = models.BigIntegerField(default=0)
    associations = models.BigIntegerField(default=0)
    turn = models.BigIntegerField(default=0, db_default=0)
    problem = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.id}: {self.status}"


class ImportPart(models.Model):
    """Bytes of an import's file from ``start`` on, until they are read."""

    pk = models.CompositePrimaryKey("space_id", "import_id", "start")
    space_id = models.UUIDField()
    import_id = models.UUIDField()
    start = models.BigIntegerField()
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.import_id} from {self.start}"


class ImportAlias(models.Model):
    """A memory that an import's file knows by another id than the space does, which had its content already."""

    pk = models.CompositePrimaryKey("space_id", "import_id", "given")
    space_id = models.UUIDField()
    import_id = models.UUIDField()
    given = models.UUIDField()
    held = models.UUIDField()

    class Meta:
        verbose_name_plural = "import aliases"

    def __str__(self) -> str:
        return f"{self.given} is {self.held}"
