"""One row may stand for several operations: what a closed door refused together is counted as often as it was refused."""

from django.db import migrations, models

ADD = "alter table audit_auditevent add column times integer not null default 1 check (times > 0)"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_usage")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ADD, "alter table audit_auditevent drop column times")],
            state_operations=[migrations.AddField("auditevent", "times", models.IntegerField(db_default=1))],
        ),
    ]
