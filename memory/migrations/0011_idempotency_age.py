"""Idempotency keys by their age, so that the old ones are found and deleted."""

from django.db import migrations

INDEX = "create index memory_idempotencykey_age on memory_idempotencykey (space_id, created_at)"


class Migration(migrations.Migration):
    dependencies = [("memory", "0010_text_search")]
    operations = [migrations.RunSQL(INDEX, "drop index memory_idempotencykey_age")]
