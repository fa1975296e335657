"""What was asked to be erased, and how far that is."""

from django.db import migrations, models
from django.db.models.functions import Now

GRANTS = "grant select, insert, update, delete on tenants_erasure to engram_app"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_whole_logins")]
    operations = [
        migrations.CreateModel(
            name="Erasure",
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
                ("space_id", models.UUIDField(editable=False, unique=True)),
                ("space", models.CharField(editable=False, max_length=64)),
                ("requester_id", models.TextField(editable=False)),
                ("requested_by", models.TextField(editable=False)),
                ("requested_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("memories", models.BigIntegerField(editable=False, null=True)),
                ("erased", models.JSONField(default=dict, editable=False)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                (
                    "tenant",
                    models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="erasures", to="tenants.tenant"),
                ),
            ],
            options={"ordering": ["-requested_at"]},
        ),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
