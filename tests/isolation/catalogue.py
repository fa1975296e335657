"""What the database's own catalogue says of its locks."""

from typing import Any, NamedTuple

import psycopg

# Everything here is the schema ``public`` without what extensions brought.
OURS = "relnamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"


class Policy(NamedTuple):
    permissive: str
    roles: list[str]
    command: str
    using: str
    check: str


class Function(NamedTuple):
    name: str
    arguments: list[str]
    settings: list[str]
    by_anybody: bool
    owner: str
    body: str


def scoped_tables(connection: psycopg.Connection) -> set[str]:
    """Tables, but no partitions, with a ``space_id`` or a ``tenant_id``."""
    rows = connection.execute(
        f"""
        select distinct c.relname
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname in ('space_id', 'tenant_id')
        where c.relkind in ('r', 'p') and not c.relispartition and {OURS}
        """
    )
    return {name for (name,) in rows}


def unforced_tables(connection: psycopg.Connection, tables: list[str]) -> list[str]:
    """Those tables on which row-level security is not both enabled and forced."""
    rows = connection.execute(
        f"""
        select relname from pg_class c
        where relname = any (%s) and not (relrowsecurity and relforcerowsecurity) and {OURS} order by 1
        """,
        [tables],
    )
    return [name for (name,) in rows]


def policies(connection: psycopg.Connection) -> dict[str, list[Policy]]:
    rows = connection.execute(
        "select tablename, permissive, roles::text[], cmd, qual, with_check from pg_policies where schemaname = 'public'"
    )
    found: dict[str, list[Policy]] = {}
    for table, *policy in rows:
        found.setdefault(table, []).append(Policy(*policy))
    return found


def grants(connection: psycopg.Connection) -> dict[str, set[str]]:
    """What the app's role may do, by relation, whether granted to it, to a role it belongs to, to all, or on a column."""
    rows = connection.execute(
        f"""
        select c.relname, given.privilege_type
        from pg_class c
        left join pg_attribute a on a.attrelid = c.oid
        cross join lateral (
            select * from aclexplode(c.relacl) union all select * from aclexplode(a.attacl)
        ) given
        where {OURS} and (given.grantee = 0 or pg_has_role('engram_app', given.grantee, 'member'))
        """
    )
    found: dict[str, set[str]] = {}
    for relation, privilege in rows:
        found.setdefault(relation, set()).add(privilege)
    return found


def open_views(connection: psycopg.Connection) -> list[str]:
    """Views that read with their owner's rights, who is not bound by policies."""
    rows = connection.execute(
        f"""
        select c.relname from pg_class c
        where {OURS} and (c.relkind = 'm'
            or c.relkind = 'v' and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on'], false))
        order by 1
        """
    )
    return [name for (name,) in rows]


def definer_functions(connection: psycopg.Connection) -> list[Function]:
    """Functions that run with their owner's rights."""
    rows = connection.execute(
        """
        select p.proname, coalesce(p.proargnames[1:p.pronargs], '{}'), coalesce(p.proconfig, '{}'),
               has_function_privilege('public', p.oid, 'execute'), pg_get_userbyid(p.proowner), p.prosrc
        from pg_proc p
        where p.prosecdef and p.pronamespace = 'public'::regnamespace order by 1
        """
    )
    return [Function(*row) for row in rows]


def key_columns(connection: psycopg.Connection, prefix: str) -> dict[str, str]:
    """The first column of every unique index and foreign key of the tables whose names start so, by the key's name."""
    rows = connection.execute(
        """
        select i.indexrelid::regclass::text, a.attname
        from pg_index i
        join pg_class c on c.oid = i.indrelid
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indisunique and starts_with(c.relname, %(prefix)s)
        union all
        select c.relname || '.' || k.conname, a.attname
        from pg_constraint k
        join pg_class c on c.oid = k.conrelid
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        where k.contype = 'f' and starts_with(c.relname, %(prefix)s)
        """,
        {"prefix": prefix},
    )
    return dict(rows.fetchall())


def leaf_partitions(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        f"select relname from pg_class c where relispartition and relkind = 'r' and {OURS} order by 1"
    )
    return [name for (name,) in rows]


def role(connection: psycopg.Connection, name: str) -> dict[str, Any]:
    """A role's attributes, the roles it belongs to and the settings it comes with."""
    cursor = connection.execute(
        """
        select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolinherit,
               array(select pg_get_userbyid(m.roleid) from pg_auth_members m where m.member = r.oid) as belongs_to,
               array(select unnest(s.setconfig) from pg_db_role_setting s where s.setrole in (r.oid, 0)) as settings
        from pg_roles r where rolname = %s
        """,
        [name],
    )
    row = cursor.fetchone()
    assert row is not None
    assert cursor.description is not None
    return dict(zip([column.name for column in cursor.description], row, strict=True))


def owned_by(connection: psycopg.Connection, name: str) -> list[str]:
    """Whatever in this database, and which databases, belong to a role."""
    rows = connection.execute(
        """
        select pg_describe_object(classid, objid, objsubid) from pg_shdepend
        where refobjid = %(role)s::regrole and deptype = 'o'
          and dbid in (0, (select oid from pg_database where datname = current_database()))
        union all
        select datname from pg_database where datdba = %(role)s::regrole
        """,
        {"role": name},
    )
    return [described for (described,) in rows]
