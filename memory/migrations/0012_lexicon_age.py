"""When a lexicon was counted, so that one that is out of date is counted anew although its space has not grown."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memory", "0011_idempotency_age")]
    operations = [migrations.AddField("lexeme", "counted_at", models.DateTimeField(null=True))]
