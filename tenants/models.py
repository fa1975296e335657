"""The control plane: who there is and what they may touch. No table here holds memory content."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

SPACE_NAME = RegexValidator(
    r"\A[a-z0-9][a-z0-9_-]{2,63}\Z",
    "A space's name is 3 to 64 characters: a to z, 0 to 9, _ and -, the first a letter or digit.",
)
TENANT_SLUG = RegexValidator(
    r"\A[a-z0-9][a-z0-9-]{1,62}\Z",
    "A tenant's slug is 2 to 63 characters: a to z, 0 to 9 and -, the first a letter or digit.",
)
TEAM_SLUG = RegexValidator(
    r"\A[a-z0-9][a-z0-9-]{1,62}\Z",
    "A team's slug is 2 to 63 characters: a to z, 0 to 9 and -, the first a letter or digit.",
)


# PostgreSQL's own, time-ordered, so that primary keys grow at one end of the index.
UUIDV7 = Func(function="uuidv7", output_field=models.UUIDField())


class Permission(models.TextChoices):
    READ = "read"
    WRITE = "write"
    MANAGE = "manage"


def permissions_field() -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.CharField(max_length=6, choices=Permission.choices))


def known_permissions(name: str) -> models.CheckConstraint:
    """A constraint: at least one permission, and none that does not exist."""
    return models.CheckConstraint(
        condition=Q(permissions__len__gt=0) & Q(permissions__contained_by=Permission.values), name=name
    )


class Tenant(models.Model):
    """A customer organisation."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    slug = models.CharField(max_length=63, unique=True, validators=[TENANT_SLUG])
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=9, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A person's place in a tenant."""

    class Role(models.TextChoices):
        ADMIN = "admin"
        MEMBER = "member"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role, default=Role.MEMBER)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"


class Team(models.Model):
    """Members of a tenant who own spaces together: they read and write theirs, and read what stands above them."""

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="teams")
    slug = models.CharField(max_length=63, validators=[TEAM_SLUG])
    name = models.CharField(max_length=200)
    members = models.ManyToManyField(Membership, through="TeamMember", related_name="teams")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], name="team_slug_once")]

    def __str__(self) -> str:
        return self.slug


class TeamMember(models.Model):
    """A member's place in a team; it goes when the membership goes."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="places")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="places")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "membership"], name="team_member_once")]

    def __str__(self) -> str:
        return f"{self.membership} in {self.team}"


class Space(models.Model):
    """An isolated set of memories. Its name is unique in the installation: it is the token's claim and the metric's label."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        ARCHIVED = "archived"
        ERASING = "erasing"

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="spaces")
    name = models.CharField(max_length=64, unique=True, validators=[SPACE_NAME])
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(max_length=2000, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="spaces")
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    # Overrides of the installation's limits, by their names in engram.toml.
    limits = models.JSONField(default=dict, blank=True)
    embedding_model = models.CharField(max_length=200)
    embedding_dimension = models.PositiveIntegerField()
    # The server's text search configuration that words are read by, and since it was changed, up to which memory they are.
    text_search = models.CharField(max_length=63, default="english", db_default="english")
    reread_to = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="space_not_its_own_parent"),
            # pgvector indexes and compares halfvec up to 16,000 dimensions.
            models.CheckConstraint(
                condition=Q(embedding_dimension__gte=1, embedding_dimension__lte=16_000),
                name="space_dimension_possible",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A parent and a team are of the same tenant, and no space is above itself."""
        if self.team is not None and self.team.tenant_id != self.tenant_id:
            raise ValidationError({"team": f"{self.team} is another tenant's; allowed: a team of this one."})
        above, seen = self.parent, {self.pk}
        while above is not None:
            if above.tenant_id != self.tenant_id:
                raise ValidationError(
                    {"parent": f"{above.name} belongs to another tenant; allowed: a space of this one."}
                )
            if above.pk in seen:
                raise ValidationError({"parent": f"{above.name} is below this space; that would be a circle."})
            seen.add(above.pk)
            above = above.parent


class Erasure(models.Model):
    """What was asked for when a space was to be erased, and how far that is. It outlives the space.

    ``memories`` is how many there were when it began, ``erased`` the rows deleted so far, by table that was begun.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="erasures")
    space_id = models.UUIDField(unique=True, editable=False)
    space = models.CharField(max_length=64, editable=False)
    requester_id = models.TextField(editable=False)
    requested_by = models.TextField(editable=False)
    requested_at = models.DateTimeField(db_default=Now(), editable=False)
    memories = models.BigIntegerField(null=True, editable=False)
    erased = models.JSONField(default=dict, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-requested_at"]

    def __str__(self) -> str:
        return self.space


class Grant(models.Model):
    """A space shared with another tenant, or inside its own with a team or a member."""

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    space = models.ForeignKey(Space, models.CASCADE, related_name="grants")
    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, blank=True, related_name="grants")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="grants")
    membership = models.ForeignKey(Membership, models.CASCADE, null=True, blank=True, related_name="grants")
    permissions = permissions_field()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "tenant"], name="grant_once"),
            models.UniqueConstraint(fields=["space", "team"], name="team_grant_once"),
            models.UniqueConstraint(fields=["space", "membership"], name="member_grant_once"),
            models.CheckConstraint(
                condition=Q(tenant__isnull=False, team__isnull=True, membership__isnull=True)
                | Q(tenant__isnull=True, team__isnull=False, membership__isnull=True)
                | Q(tenant__isnull=True, team__isnull=True, membership__isnull=False),
                name="grant_to_one",
            ),
            known_permissions("grant_permissions_known"),
        ]

    def __str__(self) -> str:
        return f"{self.space} to {self.tenant or self.team or self.membership}"


class ApiKey(models.Model):
    """A long-lived credential, ``egk_<prefix>_<secret>``, exchanged for short-lived tokens. Only the secret's hash is kept."""

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    secret_sha256 = models.BinaryField(max_length=32, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} (egk_{self.prefix}_…)"


class ApiKeySpace(models.Model):
    """A space that a key names, and what the key may do there."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="spaces")
    space = models.ForeignKey(Space, models.CASCADE, related_name="keys")
    permissions = permissions_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "space"], name="key_space_once"),
            known_permissions("key_space_permissions_known"),
        ]
        verbose_name = "space of an API key"
        verbose_name_plural = "spaces of an API key"

    def __str__(self) -> str:
        return f"{self.space}: {', '.join(self.permissions)}"


class SigningKey(models.Model):
    """A tenant's own key: tokens that its backend signs with it are let into the tenant's own spaces.

    ``material`` is the public key (PEM) of an asymmetric algorithm, or the secret of HS256, encrypted at rest.
    """

    class Algorithm(models.TextChoices):
        HS256 = "HS256"
        RS256 = "RS256"
        EDDSA = "EdDSA"

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="signing_keys")
    name = models.CharField(max_length=100)
    kid = models.CharField(max_length=32, unique=True, editable=False)
    algorithm = models.CharField(max_length=5, choices=Algorithm)
    material = models.TextField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.kid})"


class BreakGlass(models.Model):
    """An operator's leave to read one space's memories for a while, for a reason that the space's tenant can read.

    It outlives the space, which it names for then, and keeps its operator from being deleted.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", editable=False)
    space = models.ForeignKey(Space, models.SET_NULL, null=True, related_name="+")
    space_name = models.CharField("space", max_length=64, default="", db_default="", editable=False)
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=150, validators=[MinLengthValidator(10)])
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ("add", "view")
        verbose_name = "break-glass access"
        verbose_name_plural = "break-glass accesses"

    def __str__(self) -> str:
        return f"{self.operator} in {self.space_name}"


class RefreshToken(models.Model):
    """One link in a family of refresh tokens: using it makes the next, using it twice revokes the whole family."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.UUIDField(db_index=True)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    key = models.ForeignKey(ApiKey, models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    spaces = models.JSONField()
    whole = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(key__isnull=False, user__isnull=True) | Q(key__isnull=True, user__isnull=False),
                name="refresh_token_of_one_actor",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class TaskRun(models.Model):
    """When a worker's task ran last, and how often it has run."""

    task = models.TextField(primary_key=True)
    finished_at = models.DateTimeField(editable=False)
    seconds = models.FloatField(editable=False)
    failed = models.BooleanField("failed the last time", editable=False)
    runs = models.BigIntegerField(editable=False)
    failures = models.BigIntegerField(editable=False)

    class Meta:
        ordering = ["task"]
        verbose_name = "task"

    def __str__(self) -> str:
        return self.task


class DeadLetter(models.Model):
    """A task that failed for good: tried as often as it may be, or for a reason that trying again does not mend."""

    id = models.UUIDField(primary_key=True, db_default=UUIDV7, editable=False)
    task = models.TextField(editable=False)
    arguments = models.JSONField(editable=False)
    error = models.TextField(editable=False)
    attempts = models.IntegerField(editable=False)
    failed_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_again_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-failed_at"]
        indexes = [models.Index(fields=["failed_at"], name="deadletter_failed_at")]
        verbose_name = "failed task"

    def __str__(self) -> str:
        return self.task
