"""Memories that wake have their words read in the language that their space names."""

from django.db import migrations

READ_WORDS = """
create or replace function memory_read_words() returns trigger language plpgsql as $$
begin
    new.lexemes := engram_lexemes({arguments});
    return new;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("memory", "0009_entities"), ("tenants", "0008_text_search")]
    operations = [
        migrations.RunSQL(
            READ_WORDS.format(arguments="new.content, engram_text_search(new.space_id)"),
            READ_WORDS.format(arguments="new.content"),
        )
    ]
