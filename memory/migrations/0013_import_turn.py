"""Which turn at an import comes next, so that of tasks that were sent twice one goes on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memory", "0012_lexicon_age")]
    operations = [migrations.AddField("import", "turn", models.BigIntegerField(default=0, db_default=0))]
