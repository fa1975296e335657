"""A refresh token remembers whether its login was exchanged whole or narrowed to spaces; what is out already was narrowed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_grants")]

    operations = [
        migrations.AddField("refreshtoken", "whole", models.BooleanField(default=False)),
    ]
