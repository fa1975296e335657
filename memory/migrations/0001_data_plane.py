"""The data plane's tables, partitioned by space (embeddings by tier first), with keys that cannot reach across spaces."""

import django.contrib.postgres.search
import pgvector.django
from django.db import migrations, models
from django.db.models.functions import Now

TIERS = "check (tier in ('hot', 'warm', 'cold'))"

MEMORY = f"""
create table memory_memory (
    space_id uuid not null references tenants_space (id),
    id uuid not null default uuidv7(),
    content text not null,
    content_hash bytea not null check (octet_length(content_hash) = 32),
    kind text not null default 'fact',
    confidence real not null default 1 check (confidence between 0 and 1),
    session text,
    metadata jsonb not null default '{{}}',
    observed_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    expires_at timestamptz,
    tier text not null default 'hot' {TIERS},
    stability real not null default 1 check (stability > 0),
    recall_count integer not null default 0,
    last_recalled_at timestamptz,
    lexemes tsvector not null,
    primary key (space_id, id),
    unique (space_id, id, tier),
    unique (space_id, content_hash)
) partition by hash (space_id);
create index memory_memory_newest on memory_memory (space_id, created_at desc, id desc);
create index memory_memory_session on memory_memory (space_id, session, id) where session is not null;
create index memory_memory_expiry on memory_memory (space_id, expires_at) where expires_at is not null;
-- A small pending list keeps searches fast while memories pour in.
create index memory_memory_lexemes on memory_memory using gin (space_id, lexemes) with (gin_pending_list_limit = 256);
"""

EMBEDDING = f"""
create table memory_embedding (
    space_id uuid not null,
    memory_id uuid not null,
    tier text not null {TIERS},
    vector halfvec not null,
    primary key (space_id, memory_id, tier),
    -- A vector is in its memory's tier, always: moving the memory moves the vector, and nothing else can.
    foreign key (space_id, memory_id, tier) references memory_memory (space_id, id, tier)
        on update cascade on delete cascade
) partition by list (tier);
create table memory_embedding_hot partition of memory_embedding for values in ('hot') partition by hash (space_id);
create table memory_embedding_warm partition of memory_embedding for values in ('warm') partition by hash (space_id);
create table memory_embedding_cold partition of memory_embedding for values in ('cold') partition by hash (space_id);
"""

ASSOCIATION = """
create table memory_association (
    space_id uuid not null,
    source_id uuid not null,
    target_id uuid not null check (target_id <> source_id),
    kind text not null check (kind in ('temporal', 'explicit')),
    weight real not null check (weight > 0 and weight <= 1),
    reinforced integer not null default 0,
    created_at timestamptz not null default now(),
    primary key (space_id, source_id, target_id, kind),
    foreign key (space_id, source_id) references memory_memory (space_id, id) on delete cascade,
    foreign key (space_id, target_id) references memory_memory (space_id, id) on delete cascade
) partition by hash (space_id);
create index memory_association_target on memory_association (space_id, target_id);
"""

LEXEME = """
create table memory_lexeme (
    space_id uuid not null references tenants_space (id),
    lexeme text not null,
    memories integer not null,
    primary key (space_id, lexeme)
) partition by hash (space_id);
"""

IDEMPOTENCY_KEY = """
create table memory_idempotencykey (
    space_id uuid not null references tenants_space (id),
    actor_id text not null,
    key text not null,
    request_hash bytea not null,
    answer jsonb,
    created_at timestamptz not null default now(),
    primary key (space_id, actor_id, key)
) partition by hash (space_id);
"""

PARTITIONS = """
do $$
declare
    v_table text;
begin
    foreach v_table in array array[
        'memory_memory', 'memory_embedding_hot', 'memory_embedding_warm', 'memory_embedding_cold',
        'memory_association', 'memory_lexeme', 'memory_idempotencykey'
    ] loop
        for v_part in 0 .. 15 loop
            execute format(
                'create table %I partition of %I for values with (modulus 16, remainder %s)',
                v_table || '_p' || lpad(v_part::text, 2, '0'), v_table, v_part);
        end loop;
    end loop;
end
$$
"""

STATE = [
    migrations.CreateModel(
        name="Memory",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "space_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("space_id", models.UUIDField()),
            ("id", models.UUIDField(db_default=models.Func(function="uuidv7", output_field=models.UUIDField()))),
            ("content", models.TextField()),
            ("content_hash", models.BinaryField()),
            ("kind", models.TextField(default="fact")),
            ("confidence", models.FloatField(default=1.0)),
            ("session", models.TextField(null=True)),
            ("metadata", models.JSONField(default=dict)),
            ("observed_at", models.DateTimeField(db_default=Now())),
            ("created_at", models.DateTimeField(db_default=Now())),
            ("updated_at", models.DateTimeField(db_default=Now())),
            ("expires_at", models.DateTimeField(null=True)),
            ("tier", models.TextField(choices=[("hot", "Hot"), ("warm", "Warm"), ("cold", "Cold")], default="hot")),
            ("stability", models.FloatField(default=1.0)),
            ("recall_count", models.IntegerField(default=0)),
            ("last_recalled_at", models.DateTimeField(null=True)),
            ("lexemes", django.contrib.postgres.search.SearchVectorField()),
        ],
        options={"ordering": ["-created_at", "-id"], "verbose_name_plural": "memories"},
    ),
    migrations.CreateModel(
        name="Embedding",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "space_id", "memory_id", "tier", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("space_id", models.UUIDField()),
            ("memory_id", models.UUIDField()),
            ("tier", models.TextField(choices=[("hot", "Hot"), ("warm", "Warm"), ("cold", "Cold")])),
            ("vector", pgvector.django.HalfVectorField()),
        ],
    ),
    migrations.CreateModel(
        name="Association",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "space_id",
                    "source_id",
                    "target_id",
                    "kind",
                    blank=True,
                    editable=False,
                    primary_key=True,
                    serialize=False,
                ),
            ),
            ("space_id", models.UUIDField()),
            ("source_id", models.UUIDField()),
            ("target_id", models.UUIDField()),
            ("kind", models.TextField(choices=[("temporal", "Temporal"), ("explicit", "Explicit")])),
            ("weight", models.FloatField()),
            ("reinforced", models.IntegerField(default=0)),
            ("created_at", models.DateTimeField(db_default=Now())),
        ],
    ),
    migrations.CreateModel(
        name="Lexeme",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "space_id", "lexeme", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("space_id", models.UUIDField()),
            ("lexeme", models.TextField()),
            ("memories", models.IntegerField()),
        ],
    ),
    migrations.CreateModel(
        name="IdempotencyKey",
        fields=[
            (
                "pk",
                models.CompositePrimaryKey(
                    "space_id", "actor_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                ),
            ),
            ("space_id", models.UUIDField()),
            ("actor_id", models.TextField()),
            ("key", models.TextField()),
            ("request_hash", models.BinaryField()),
            ("answer", models.JSONField(null=True)),
            ("created_at", models.DateTimeField(db_default=Now())),
        ],
    ),
]


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tenants", "0001_control_plane")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(MEMORY, "drop table memory_memory"),
                migrations.RunSQL(EMBEDDING, "drop table memory_embedding"),
                migrations.RunSQL(ASSOCIATION, "drop table memory_association"),
                migrations.RunSQL(LEXEME, "drop table memory_lexeme"),
                migrations.RunSQL(IDEMPOTENCY_KEY, "drop table memory_idempotencykey"),
                migrations.RunSQL(PARTITIONS, migrations.RunSQL.noop),
            ],
            state_operations=STATE,
        ),
    ]
