"""When workers' tasks ran last, and those that failed for good."""

from django.db import migrations, models
from django.db.models.functions import Now

GRANTS = "grant select, insert, update, delete on tenants_taskrun, tenants_deadletter to engram_app"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_break_glass")]
    operations = [
        migrations.CreateModel(
            name="TaskRun",
            fields=[
                ("task", models.TextField(primary_key=True, serialize=False)),
                ("finished_at", models.DateTimeField(editable=False)),
                ("seconds", models.FloatField(editable=False)),
                ("failed", models.BooleanField(editable=False, verbose_name="failed the last time")),
                ("runs", models.BigIntegerField(editable=False)),
                ("failures", models.BigIntegerField(editable=False)),
            ],
            options={"ordering": ["task"], "verbose_name": "task"},
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=models.Func(function="uuidv7", output_field=models.UUIDField()),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("task", models.TextField(editable=False)),
                ("arguments", models.JSONField(editable=False)),
                ("error", models.TextField(editable=False)),
                ("attempts", models.IntegerField(editable=False)),
                ("failed_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("sent_again_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={"ordering": ["-failed_at"], "verbose_name": "failed task"},
        ),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
