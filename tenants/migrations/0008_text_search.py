"""Each space says in which language its words are read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_deadletter_failed_at")]
    operations = [
        migrations.AddField(
            "Space", "text_search", models.CharField(db_default="english", default="english", max_length=63)
        ),
        migrations.AddField("Space", "reread_to", models.UUIDField(blank=True, editable=False, null=True)),
    ]
