"""Of a key that was rotated it is known, so that what takes its place is made once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_glass_outlives_space")]
    operations = [
        migrations.AddField(model_name=key, name="rotated_at", field=models.DateTimeField(blank=True, null=True))
        for key in ("apikey", "signingkey")
    ]
