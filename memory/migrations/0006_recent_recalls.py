"""When a warm memory was recalled lately, which may make it hot again. Null costs nothing."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memory", "0005_cold")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "alter table memory_memory add column recent_recalls timestamptz[]",
                    "alter table memory_memory drop column recent_recalls",
                ),
            ],
            state_operations=[
                migrations.AddField("Memory", "recent_recalls", ArrayField(models.DateTimeField(), null=True)),
            ],
        ),
    ]
