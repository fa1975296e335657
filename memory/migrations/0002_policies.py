"""Row-level security on the data plane: the app role sees the space that its transaction names, and nothing else.

The policy's text is inline on purpose: a sub-select or a CASE around the setting costs the index.
"""

from django.db import migrations

TABLES = ["memory_memory", "memory_embedding", "memory_association", "memory_lexeme", "memory_idempotencykey"]

POLICY = """
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {table}_space on {table} to engram_app
    using (space_id = nullif(current_setting('engram.space_id', true), '')::uuid)
    with check (space_id = nullif(current_setting('engram.space_id', true), '')::uuid);
grant select, insert, update, delete on {table} to engram_app;
"""

UNDO = """
revoke all on {table} from engram_app;
drop policy {table}_space on {table};
alter table {table} no force row level security;
alter table {table} disable row level security;
"""


class Migration(migrations.Migration):
    dependencies = [("memory", "0001_data_plane")]
    operations = [migrations.RunSQL(POLICY.format(table=table), UNDO.format(table=table)) for table in TABLES]
