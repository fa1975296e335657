"""The database's locks, read from its catalogue: what a migration forgets fails here."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.isolation import catalogue

ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE"}

# Who there is and what they may touch: read before a tenant is known, so no policy can guard it. It holds no memory content.
CONTROL_PLANE = {
    "tenants_membership",
    "tenants_team",
    "tenants_space",
    "tenants_erasure",
    "tenants_grant",
    "tenants_apikey",
    "tenants_apikeyspace",
    "tenants_signingkey",
    "tenants_refreshtoken",
    "tenants_breakglass",
}
DATA_PLANE = {
    "memory_memory": "space_id",
    "memory_embedding": "space_id",
    "memory_association": "space_id",
    "memory_lexeme": "space_id",
    "memory_entity": "space_id",
    "memory_unlinked": "space_id",
    "memory_idempotencykey": "space_id",
    "memory_tally": "space_id",
    "memory_reinforcement": "space_id",
    "memory_import": "space_id",
    "memory_importpart": "space_id",
    "memory_importalias": "space_id",
    "audit_auditevent": "tenant_id",
    "audit_auditseal": "tenant_id",
    "audit_expiredseal": "tenant_id",
    "audit_spaceusage": "space_id",
    "audit_tenantusage": "tenant_id",
}
GRANTS = {
    **dict.fromkeys(CONTROL_PLANE, ROWS),
    **dict.fromkeys(DATA_PLANE, ROWS),
    "audit_auditevent": {"SELECT", "INSERT"},
    "audit_auditseal": {"SELECT", "INSERT"},
    "audit_expiredseal": {"SELECT"},
    "audit_retention": {"SELECT"},
    "audit_spaceusage": {"SELECT"},
    "audit_tenantusage": {"SELECT"},
    "tenants_tenant": ROWS,
    "tenants_taskrun": ROWS,
    "tenants_deadletter": ROWS,
    "tenants_teammember": ROWS,
    "auth_user": ROWS,
    "auth_group": ROWS,
    "auth_permission": ROWS,
    "auth_user_groups": ROWS,
    "auth_user_user_permissions": ROWS,
    "auth_group_permissions": ROWS,
    "django_session": ROWS,
    "django_admin_log": ROWS,
    "django_content_type": {"SELECT"},
    "django_migrations": {"SELECT"},
}
# What workers have done for them, in no space.
SPACELESS_FUNCTIONS = {
    "audit_make_partitions",
    "audit_expire_partitions",
    "audit_roll_up_usage",
    "audit_forget_usage",
    "engram_space_sizes",
    "memory_stalled_imports",
}


def test_every_table_of_a_space_or_tenant_is_known_here(admin: psycopg.Connection) -> None:
    assert catalogue.scoped_tables(admin) == CONTROL_PLANE | set(DATA_PLANE)


def test_row_level_security_is_enabled_and_forced_on_the_data_plane(admin: psycopg.Connection) -> None:
    assert catalogue.unforced_tables(admin, list(DATA_PLANE)) == []


@pytest.mark.parametrize(("table", "column"), DATA_PLANE.items())
def test_a_table_has_one_plain_policy_for_the_app(admin: psycopg.Connection, table: str, column: str) -> None:
    setting = column.removesuffix("_id")
    condition = f"({column} = (NULLIF(current_setting('engram.{setting}_id'::text, true), ''::text))::uuid)"
    (policy,) = catalogue.policies(admin)[table]
    assert policy == catalogue.Policy("PERMISSIVE", ["engram_app"], "ALL", condition, condition)


def test_no_other_table_has_a_policy(admin: psycopg.Connection) -> None:
    assert set(catalogue.policies(admin)) == set(DATA_PLANE)


def test_the_app_may_do_to_tables_what_is_named_here_and_no_more(admin: psycopg.Connection) -> None:
    sequences = {
        privilege for name, given in catalogue.grants(admin).items() if name.endswith("_seq") for privilege in given
    }
    tables = {name: given for name, given in catalogue.grants(admin).items() if not name.endswith("_seq")}
    assert tables == GRANTS
    assert sequences == {"SELECT", "USAGE"}


def test_nothing_made_later_is_granted_to_the_app_by_default(admin: psycopg.Connection) -> None:
    assert admin.execute("select defaclobjtype, defaclacl from pg_default_acl").fetchall() == []


def test_no_partition_can_be_read_directly(admin: psycopg.Connection, app: psycopg.Connection) -> None:
    leaves = catalogue.leaf_partitions(admin)
    assert {"memory_memory_p00", "memory_embedding_hot_p15", "audit_auditevent_default"} <= set(leaves)
    readable = app.execute(
        "select name from unnest(%s::text[]) name where has_any_column_privilege(name, 'select')", [leaves]
    )
    assert readable.fetchall() == []
    with pytest.raises(InsufficientPrivilege):
        app.execute("select * from memory_memory_p00")


def test_the_apps_role_has_no_power_of_its_own(admin: psycopg.Connection) -> None:
    found = catalogue.role(admin, "engram_app")
    powers = {name: value for name, value in found.items() if name.startswith("rol")}
    assert set(powers.values()) == {False}
    assert found["belongs_to"] == []
    assert [setting for setting in found["settings"] if setting.startswith(("engram.", "row_security"))] == []
    assert catalogue.owned_by(admin, "engram_app") == []


def test_the_app_makes_nothing_in_the_schema(admin: psycopg.Connection) -> None:
    (may_create,) = admin.execute("select has_schema_privilege('engram_app', 'public', 'create')").fetchone() or ()
    assert may_create is False


def test_the_schemas_owner_is_no_superuser(admin: psycopg.Connection) -> None:
    found = catalogue.role(admin, "engram_owner")
    assert (found["rolsuper"], found["rolcreaterole"], found["rolbypassrls"]) == (False, False, True)


def test_the_backups_role_reads_and_does_no_more(admin: psycopg.Connection) -> None:
    found = catalogue.role(admin, "engram_backup")
    assert (found["rolsuper"], found["belongs_to"]) == (False, ["pg_read_all_data"])
    assert "default_transaction_read_only=on" in found["settings"]


def test_every_definer_function_pins_where_it_looks(admin: psycopg.Connection) -> None:
    pinned = {
        function.name: [setting for setting in function.settings if setting.startswith("search_path=")]
        for function in catalogue.definer_functions(admin)
    }
    assert pinned
    assert {name for name, paths in pinned.items() if not paths or not paths[0].endswith("public, pg_temp")} == set()


def test_no_definer_function_is_everybodys(admin: psycopg.Connection) -> None:
    functions = catalogue.definer_functions(admin)
    assert [function.name for function in functions if function.by_anybody] == []
    assert {function.owner for function in functions} == {"engram_owner"}


def test_every_definer_function_checks_the_space_it_is_asked_for_first(admin: psycopg.Connection) -> None:
    functions = [f for f in catalogue.definer_functions(admin) if f.name not in SPACELESS_FUNCTIONS]
    assert {function.arguments[0] for function in functions} == {"p_space_id"}
    first = {function.name: function.body.split("begin", 1)[1].split(";")[0].strip() for function in functions}
    assert set(first.values()) == {"perform engram_check_space(p_space_id)"}


def test_no_view_reads_with_its_owners_rights(admin: psycopg.Connection) -> None:
    assert catalogue.open_views(admin) == []


def test_a_view_that_reads_with_its_owners_rights_is_caught(
    admin: psycopg.Connection, owner: psycopg.Connection
) -> None:
    with owner.transaction(force_rollback=True):
        owner.execute("create view a_leak as select * from memory_memory")
        owner.execute("create view no_leak with (security_invoker = true) as select * from memory_memory")
        owner.execute("create materialized view another_leak as select * from memory_memory")
        assert catalogue.open_views(owner) == ["a_leak", "another_leak"]


def test_a_table_without_a_policy_is_caught(owner: psycopg.Connection) -> None:
    with owner.transaction(force_rollback=True):
        owner.execute("create table memory_forgotten (space_id uuid not null)")
        assert "memory_forgotten" in catalogue.scoped_tables(owner)
        assert catalogue.unforced_tables(owner, ["memory_forgotten"]) == ["memory_forgotten"]


def test_every_key_of_the_data_plane_leads_with_the_space(admin: psycopg.Connection) -> None:
    keys = catalogue.key_columns(admin, "memory_")
    assert len(keys) > 100
    assert {name for name, column in keys.items() if column != "space_id"} == set()


def test_an_association_names_both_its_ends_with_their_space(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        """
        select pg_get_constraintdef(oid) from pg_constraint
        where conrelid = 'memory_association'::regclass and contype = 'f' and conparentid = 0
        """
    )
    assert {definition for (definition,) in rows} == {
        f"FOREIGN KEY (space_id, {end}) REFERENCES memory_memory(space_id, id) ON DELETE CASCADE"
        for end in ("source_id", "target_id")
    }
