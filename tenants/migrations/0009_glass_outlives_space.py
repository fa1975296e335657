"""An operator's access stays on record when its space is erased: under the space's name and its tenant."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NAME_THEM = """
update tenants_breakglass g set tenant_id = s.tenant_id, space_name = s.name from tenants_space s where s.id = g.space_id
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_text_search")]
    operations = [
        migrations.AddField(
            "BreakGlass",
            "tenant",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            "BreakGlass",
            "space_name",
            models.CharField(db_default="", default="", editable=False, max_length=64, verbose_name="space"),
        ),
        migrations.AlterField(
            "BreakGlass",
            "space",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="tenants.space"
            ),
        ),
        migrations.AlterField(
            "BreakGlass",
            "operator",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.RunSQL(NAME_THEM, migrations.RunSQL.noop),
        migrations.AlterField(
            "BreakGlass",
            "tenant",
            models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"
            ),
        ),
    ]
