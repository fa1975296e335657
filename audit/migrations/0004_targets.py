"""A memory's history is found by its id, among those operations that name one memory."""

from django.db import migrations

INDEX = """
create index audit_auditevent_target on audit_auditevent (tenant_id, target, at desc)
    where action in ('remember', 'read_memory', 'update_memory', 'forget', 'list_associations');
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_times")]
    operations = [migrations.RunSQL(INDEX, "drop index audit_auditevent_target")]
