"""Failed tasks are looked up by when they failed, on every overview."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_work")]
    operations = [
        migrations.AddIndex(
            model_name="deadletter",
            index=models.Index(fields=["failed_at"], name="deadletter_failed_at"),
        ),
    ]
