"""What the app role may do in the control plane, and in Django's own tables: read and change rows, nothing more."""

from django.db import migrations

GRANTS = """
grant usage on schema public to engram_app;
grant select, insert, update, delete on
    tenants_tenant, tenants_membership, tenants_space, tenants_team, tenants_teammember, tenants_grant, tenants_signingkey, tenants_apikey, tenants_apikeyspace, tenants_refreshtoken,
    auth_user, auth_group, auth_permission, auth_user_groups, auth_user_user_permissions, auth_group_permissions,
    django_session, django_admin_log
    to engram_app;
grant select on django_content_type, django_migrations to engram_app;
grant usage, select on all sequences in schema public to engram_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_control_plane"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]
    operations = [
        migrations.RunSQL(GRANTS, "revoke all on all tables in schema public from engram_app"),
    ]
