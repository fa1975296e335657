"""What being cold means on disk: a vector in a byte a number, with its signs to search by, and no index of words.

Triggers do it whatever way a memory comes or moves, so that no code can leave a vector or words in the wrong shape. The functions
they call are in ``memory/sql/functions``.
"""

import pgvector.django
from django.db import migrations, models

COLUMNS = """
alter table memory_embedding
    alter column vector drop not null,
    add column code bytea,
    add column bits bit varying,
    add constraint memory_embedding_shape check (
        case when tier = 'cold' then vector is null and code is not null and bits is not null
             else vector is not null and code is null and bits is null end);
"""
UNDO_COLUMNS = """
alter table memory_embedding
    drop constraint memory_embedding_shape, drop column code, drop column bits, alter column vector set not null;
"""

TRIGGERS = """
create function memory_shape_vector() returns trigger language plpgsql as $$
begin
    if new.tier = 'cold' then
        new.code := engram_code(new.vector);
        new.bits := binary_quantize(new.vector);
        new.vector := null;
    else
        new.vector := engram_decoded(new.code);
        new.code := null;
        new.bits := null;
    end if;
    return new;
end
$$;
create trigger memory_embedding_shape before insert or update on memory_embedding
    for each row when ((new.tier = 'cold') = (new.vector is not null)) execute function memory_shape_vector();

create function memory_drop_words() returns trigger language plpgsql as $$
begin
    new.lexemes := '';
    return new;
end
$$;
create function memory_read_words() returns trigger language plpgsql as $$
begin
    new.lexemes := to_tsvector('english', new.content);
    return new;
end
$$;
create trigger memory_memory_drop_words before insert or update of tier, lexemes on memory_memory
    for each row when (new.tier = 'cold') execute function memory_drop_words();
create trigger memory_memory_read_words before update of tier on memory_memory
    for each row when (old.tier = 'cold' and new.tier <> 'cold') execute function memory_read_words();
"""
UNDO_TRIGGERS = """
drop trigger memory_embedding_shape on memory_embedding;
drop trigger memory_memory_drop_words on memory_memory;
drop trigger memory_memory_read_words on memory_memory;
drop function memory_shape_vector, memory_drop_words, memory_read_words;
"""


class Migration(migrations.Migration):
    dependencies = [("memory", "0004_imports")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(COLUMNS, UNDO_COLUMNS),
                migrations.RunSQL(TRIGGERS, UNDO_TRIGGERS),
            ],
            state_operations=[
                migrations.AlterField("Embedding", "vector", pgvector.django.HalfVectorField(null=True)),
                migrations.AddField("Embedding", "code", models.BinaryField(null=True)),
                migrations.AddField("Embedding", "bits", pgvector.django.BitField(null=True)),
            ],
        ),
    ]
