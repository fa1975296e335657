"""The isolation matrix: who calls what, and what must come of it. Nothing here runs; ``test_matrix`` plays it.

A route or method that is not named here fails the suite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

Need = Literal["nothing", "presence", "member", "admin", "read", "write", "manage"]
Body = Callable[["Subject"], Any]

ALLOWED = "allowed"
NOBODY = "installation"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: a space, two associated memories of it, what else its tenant has, and credentials for a body."""

    space: str
    memory: str
    target: str
    api_key: str
    refresh: str
    key: str = ""
    signing_key: str = ""
    team: str = ""
    username: str = ""
    grant: str = ""
    import_id: str = ""

    def url(self, route: str) -> str:
        names = {
            "<str:space>": self.space,
            "<uuid:memory_id>": self.memory,
            "<uuid:target>": self.target,
            "signing-keys/<uuid:key_id>": f"signing-keys/{self.signing_key}",
            "<uuid:key_id>": self.key,
            "<str:team>": self.team,
            "<str:username>": self.username,
            "<uuid:grant_id>": self.grant,
            "<uuid:import_id>": self.import_id,
        }
        for parameter, value in names.items():
            route = route.replace(parameter, value)
        return route if route.startswith("/") else f"/api/v1/{route}"


@dataclass(frozen=True, slots=True)
class Call:
    """A route and method of the API, what it takes of a caller on the space, and its answer to one that has it."""

    method: str
    route: str
    action: str
    need: Need
    status: int
    body: Body = lambda subject: None
    query: str = ""
    content_type: str = "application/json"

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def _fresh(**fields: Any) -> Any:
    """A body whose content was never sent before."""
    return {"content": f"Something new, {uuid4()}.", **fields}


_NDJSON = "application/x-ndjson"
_MEMORY = "spaces/<str:space>/memories/<uuid:memory_id>/"

CALLS = [
    Call("POST", "auth/token/", "issue_token", "nothing", 200, lambda s: {"api_key": s.api_key}),
    Call("POST", "auth/token/refresh/", "refresh_token", "nothing", 200, lambda s: {"refresh": s.refresh}),
    Call("POST", "auth/token/revoke/", "revoke_token", "nothing", 204, lambda s: {"refresh": s.refresh}),
    Call("GET", "auth/whoami/", "whoami", "presence", 200),
    Call("GET", "spaces/", "list_spaces", "presence", 200),
    Call("POST", "spaces/", "create_space", "manage", 201, lambda s: {"name": f"new_{uuid4()}", "parent": s.space}),
    Call("GET", "keys/", "list_keys", "admin", 200),
    Call("POST", "keys/", "create_key", "admin", 201, lambda s: {"name": "made", "spaces": {s.space: ["read"]}}),
    Call("GET", "keys/<uuid:key_id>/", "read_key", "admin", 200),
    Call("POST", "keys/<uuid:key_id>/rotate/", "rotate_key", "admin", 201, lambda s: {}),
    Call("DELETE", "keys/<uuid:key_id>/", "revoke_key", "admin", 204),
    Call("GET", "signing-keys/", "list_signing_keys", "admin", 200),
    Call("POST", "signing-keys/", "create_signing_key", "admin", 201, lambda s: {"name": "made", "algorithm": "HS256"}),
    Call("DELETE", "signing-keys/<uuid:key_id>/", "revoke_signing_key", "admin", 204),
    Call("GET", "members/", "list_members", "member", 200),
    Call("POST", "members/", "add_member", "admin", 201, lambda s: {
        "username": f"new-{uuid4()}", "role": "member", "password": "a-quite-long-password"}),
    Call("PATCH", "members/<str:username>/", "update_member", "admin", 200, lambda s: {"role": "admin"}),
    Call("DELETE", "members/<str:username>/", "remove_member", "admin", 204),
    Call("GET", "teams/", "list_teams", "member", 200),
    Call("POST", "teams/", "create_team", "admin", 201, lambda s: {"slug": f"new-{uuid4()}"}),
    Call("GET", "teams/<str:team>/", "read_team", "member", 200),
    Call("PATCH", "teams/<str:team>/", "update_team", "admin", 200, lambda s: {"name": "Another name"}),
    Call("DELETE", "teams/<str:team>/", "delete_team", "admin", 204),
    Call("PUT", "teams/<str:team>/members/<str:username>/", "add_team_member", "admin", 200, lambda s: {}),
    Call("DELETE", "teams/<str:team>/members/<str:username>/", "remove_team_member", "admin", 204),
    Call("GET", "audit/", "list_events", "admin", 200),
    Call("GET", "audit/export/", "export_events", "admin", 200),
    Call("GET", "spaces/<str:space>/grants/", "list_grants", "manage", 200),
    Call("POST", "spaces/<str:space>/grants/", "share_space", "manage", 201, lambda s: {
        "member": s.username, "permissions": ["read"]}),
    Call("DELETE", "spaces/<str:space>/grants/<uuid:grant_id>/", "withdraw_space", "manage", 204),
    Call("GET", "spaces/<str:space>/usage/", "read_usage", "read", 200),
    Call("POST", "recall/", "recall_across", "presence", 200, lambda s: {"query": "any", "filters": {"session": "no such"}}),
    Call("GET", "spaces/<str:space>/", "read_space", "read", 200),
    Call("PATCH", "spaces/<str:space>/", "update_space", "manage", 200, lambda s: {"title": "Another title"}),
    Call("DELETE", "spaces/<str:space>/", "erase_space", "manage", 202),
    Call("GET", "erasures/", "list_erasures", "presence", 200),
    Call("GET", "spaces/<str:space>/memories/", "list_memories", "read", 200),
    Call("POST", "spaces/<str:space>/memories/", "remember", "write", 201, lambda s: _fresh(session="one")),
    Call("POST", "spaces/<str:space>/memories/batch/", "remember_batch", "write", 201, lambda s: {"memories": [_fresh()]}),
    Call("GET", _MEMORY, "read_memory", "read", 200),
    Call("PATCH", _MEMORY, "update_memory", "write", 200, lambda s: {"kind": "note"}),
    Call("DELETE", _MEMORY, "forget", "write", 204),
    Call("GET", f"{_MEMORY}associations/", "list_associations", "read", 200),
    Call("PUT", f"{_MEMORY}associations/<uuid:target>/", "associate", "write", 200, lambda s: {"weight": 0.5}),
    Call("DELETE", f"{_MEMORY}associations/<uuid:target>/", "dissociate", "write", 204),
    Call("POST", "spaces/<str:space>/recall/", "recall", "read", 200, lambda s: {"query": "the first memory"}),
    Call("GET", "spaces/<str:space>/export/", "export", "read", 200),
    Call("GET", "spaces/<str:space>/import/", "list_imports", "read", 200),
    Call("POST", "spaces/<str:space>/import/", "start_import", "manage", 202, lambda s: {"type": "end"}, content_type=_NDJSON),
    Call("GET", "spaces/<str:space>/import/<uuid:import_id>/", "read_import", "read", 200),
    Call("PATCH", "spaces/<str:space>/import/<uuid:import_id>/", "continue_import", "manage", 202, lambda s: {"type": "end"},
         "?offset=0", _NDJSON),
    Call("DELETE", "spaces/<str:space>/import/<uuid:import_id>/", "cancel_import", "manage", 204),
    Call("POST", "spaces/<str:space>/spread/", "spread", "read", 200, lambda s: {"from": [s.memory], "depth": 2}),
]  # fmt: skip


def _tool(name: str, action: str, need: Need, arguments: Body) -> Call:
    def message(subject: Subject) -> Any:
        params = {"name": name, "arguments": arguments(subject)}
        return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}

    return Call("POST", "/mcp", action, need, 200, message)


# What agents do over MCP: the tools, each of which is an operation that REST has too.
TOOLS = [
    _tool("remember", "remember", "write", lambda s: _fresh(space=s.space)),
    _tool("recall", "recall", "read", lambda s: {"space": s.space, "query": "the first memory"}),
    _tool("recall", "recall_across", "presence", lambda s: {"query": "any", "filters": {"session": "no such"}}),
    _tool("spread", "spread", "read", lambda s: {"space": s.space, "from": [s.memory]}),
    _tool("forget", "forget", "write", lambda s: {"space": s.space, "memory": s.memory}),
    _tool("list_spaces", "list_spaces", "presence", lambda s: {}),
]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody, the space they reach for, the tenant in whose trail that goes down, and the verdict on each of their needs:
    ``allowed``, or the code of the refusal. ``but`` names actions with another verdict than their need's."""

    name: str
    space: str
    trail: str
    presence: str
    read: str
    write: str
    manage: str
    member: str = ""
    admin: str = ""
    but: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def trail_of(self, call: Call) -> str:
        """Whoever exchanges credentials is who they say, not who sends them."""
        return "acme" if call.need == "nothing" else self.trail

    def verdict(self, call: Call) -> str:
        verdicts = {name: getattr(self, name) for name in ("presence", "read", "write", "manage")}
        # Keys and strangers are no members, and only members may be admins.
        beyond = "permission_denied" if self.presence == ALLOWED else self.presence
        verdicts |= {"member": self.member or beyond, "admin": self.admin or beyond}
        return self.but.get(call.action, {"nothing": ALLOWED, **verdicts}[call.need])


def _refused(name: str, space: str, trail: str, code: str, presence: str = ALLOWED) -> Caller:
    return Caller(name, space, trail, presence, code, code, code)


def _unknown(name: str, code: str = "invalid_token") -> Caller:
    return _refused(name, "acme_s1", NOBODY, code, code)


CALLERS = [
    Caller("the space's own key", "acme_s1", "acme", ALLOWED, ALLOWED, ALLOWED, ALLOWED),
    Caller("a key that may not manage", "acme_s1", "acme", ALLOWED, ALLOWED, ALLOWED, "permission_denied"),
    Caller("a key that may only read", "acme_s1", "acme", ALLOWED, ALLOWED, "permission_denied", "permission_denied"),
    Caller("a token narrowed to read", "acme_s1", "acme", ALLOWED, ALLOWED, "permission_denied", "permission_denied"),
    Caller("a key that was narrowed since", "acme_s1", "acme", ALLOWED, ALLOWED, "access_withdrawn", "permission_denied"),
    Caller("an admin's session", "acme_s1", "acme", ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED),
    Caller("a member's session", "acme_s1", "acme", ALLOWED, ALLOWED, "permission_denied", "permission_denied", ALLOWED),
    Caller("an admin's token", "acme_s1", "acme", ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED, ALLOWED),
    Caller(
        "an admin's token narrowed to the space", "acme_s1", "acme", ALLOWED, ALLOWED, ALLOWED, ALLOWED,
        but={"create_space": "permission_denied"},
    ),
    Caller("a member's token", "acme_s1", "acme", ALLOWED, ALLOWED, "permission_denied", "permission_denied", ALLOWED),
    Caller("the reader of a shared space", "acme_shared", "globex", ALLOWED, ALLOWED, "permission_denied", "permission_denied"),
    Caller("the writer of a shared space", "acme_desk", "globex", ALLOWED, ALLOWED, ALLOWED, "permission_denied"),
    _refused("a key of a space with a longer name", "acme_s1", "acme", "space_not_covered"),
    _refused("a key of a space with a shorter name", "acme_s10", "acme", "space_not_covered"),
    _refused("a token narrowed to another space", "acme_s1", "acme", "space_not_covered"),
    _refused("another tenant's key", "acme_s1", "globex", "space_not_covered"),
    Caller(
        "another tenant's admin", "acme_s1", "globex", ALLOWED, "space_not_covered", "space_not_covered", "space_not_covered",
        ALLOWED, ALLOWED,
        # An admin does as they like in their own tenant; what is refused here is acme's, which is not there.
        but={
            "create_space": "unknown_parent",
            "create_key": "unknown_space",
            **dict.fromkeys(
                ("read_key", "rotate_key", "revoke_key", "revoke_signing_key", "update_member", "remove_member", "read_team",
                 "update_team", "delete_team", "add_team_member", "remove_team_member"),
                "not_found",
            ),
        },
    ),
    _refused("another tenant's token that claims the space", "acme_s1", "globex", "access_withdrawn"),
    _refused("another tenant's key that was forged to name the space", "acme_s1", "globex", "access_withdrawn"),
    _refused("a tenant whose grant was withdrawn", "acme_lent", "globex", "access_withdrawn"),
    _refused("a revoked key", "acme_s1", "acme", "access_withdrawn", presence="access_withdrawn"),
    _refused("an expired key", "acme_s1", "acme", "access_withdrawn", presence="access_withdrawn"),
    _refused("a member who left", "acme_s1", "acme", "access_withdrawn", presence="access_withdrawn"),
    _refused("a member who was deactivated", "acme_s1", "acme", "access_withdrawn", presence="access_withdrawn"),
    _refused("a suspended tenant", "hooli_s1", "hooli", "tenant_suspended", presence="tenant_suspended"),
    _refused("a guest of a suspended tenant", "hooli_shared", "globex", "tenant_suspended"),
    # Its managers may see an archived space, bring it back and erase it, and nothing else.
    replace(
        _refused("the owner of an archived space", "acme_archived", "acme", "space_archived"),
        but={"read_space": ALLOWED, "update_space": ALLOWED, "erase_space": ALLOWED},
    ),
    _refused("the owner of a space being erased", "acme_erasing", "acme", "space_erasing"),
    _unknown("nobody", "not_authenticated"),
    _unknown("a person of no tenant", "not_authenticated"),
    _unknown("an operator", "not_authenticated"),
    _unknown("garbage"),
    _unknown("an empty bearer"),
    _unknown("a password"),
    _unknown("an API key in place of its token"),
    _unknown("a refresh token in place of an access token"),
    _unknown("an expired token"),
    _unknown("a token without an end"),
    _unknown("a token signed with another key"),
    _unknown("a token that nobody signed"),
    _unknown("a token for another service"),
    _unknown("a token from another issuer"),
    _unknown("a token with its claims exchanged"),
]  # fmt: skip

STATUS = {
    "not_authenticated": 401,
    "invalid_token": 401,
    "space_not_covered": 403,
    "access_withdrawn": 403,
    "permission_denied": 403,
    "tenant_suspended": 403,
    "space_archived": 403,
    "space_erasing": 403,
    "unknown_parent": 400,
    "unknown_space": 400,
    "not_found": 404,
}
# A tenant's trail names the memories that its own people asked about, in whichever space; it never holds their content.
TRAIL = {"list_events", "export_events"}
OUTCOME = {401: "denied", 403: "denied", 400: "failed", 404: "failed"}

# The spaces that a caller is told of when it asks which it may touch.
TOLD: dict[str, set[str]] = {
    "the space's own key": {"acme_s1", "acme_s10", "acme_shared"},
    "a key that may only read": {"acme_s1"},
    "a token narrowed to read": {"acme_s1"},
    "an admin's token narrowed to the space": {"acme_s1"},
    "a key of a space with a longer name": {"acme_s10"},
    "a token narrowed to another space": {"acme_s10"},
    "another tenant's key": {"globex_s1", "acme_shared"},
    "another tenant's admin": {"globex_s1", "acme_shared", "acme_desk", "hooli_shared"},
    "another tenant's token that claims the space": set(),
    "another tenant's key that was forged to name the space": {"globex_s1"},
    "a tenant whose grant was withdrawn": {"globex_s1"},
}  # fmt: skip


# The spaces that a person's pages name; an admin's show the audit trail too, with whatever was asked for.
SHOWN: dict[str, set[str]] = {
    "a member's session": {"acme_s1", "acme_s10", "acme_shared", "acme_desk", "acme_lent", "acme_archived", "acme_erasing"},
    "a person of no tenant": set(),
    "an operator": set(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """A page or probe outside the API proper, and what somebody who is not logged in gets there."""

    method: str
    route: str
    status: int
    location: str = ""

    def __str__(self) -> str:
        return f"{self.method} /{self.route}"


_MEMORY_PAGE = "memories/<str:space>/<uuid:memory_id>/"
_MEMORY_URL = "/memories/1/00000000-0000-4000-8000-000000000000/"

PAGES = [
    Page("GET", "", 302, "/login/?next=/"),
    Page("POST", "", 302, "/login/?next=/"),
    Page("GET", "overview/", 302, "/login/?next=/overview/"),
    Page("POST", "overview/", 302, "/login/?next=/overview/"),
    Page("GET", "explore/", 302, "/login/?next=/explore/"),
    Page("POST", "explore/", 405),
    Page("GET", "explore/found/", 302, "/login/?next=/explore/found/"),
    Page("POST", "explore/found/", 405),
    Page("GET", "explore/graph/", 302, "/login/?next=/explore/graph/"),
    Page("POST", "explore/graph/", 405),
    Page("GET", "spaces/<str:space>/usage/", 302, "/login/?next=/spaces/1/usage/"),
    Page("POST", "spaces/<str:space>/usage/", 405),
    Page("GET", "spaces/<str:space>/usage/part/", 302, "/login/?next=/spaces/1/usage/part/"),
    Page("POST", "spaces/<str:space>/usage/part/", 405),
    Page("GET", "spaces/<str:space>/transfer/", 302, "/login/?next=/spaces/1/transfer/"),
    Page("POST", "spaces/<str:space>/transfer/", 302, "/login/?next=/spaces/1/transfer/"),
    Page("GET", "spaces/<str:space>/transfer/imports/", 302, "/login/?next=/spaces/1/transfer/imports/"),
    Page("POST", "spaces/<str:space>/transfer/imports/", 405),
    Page("GET", "spaces/<str:space>/transfer/<uuid:import_id>/cancel/", 405),
    Page(
        "POST",
        "spaces/<str:space>/transfer/<uuid:import_id>/cancel/",
        302,
        "/login/?next=/spaces/1/transfer/00000000-0000-4000-8000-000000000000/cancel/",
    ),
    Page("GET", "memories/", 302, "/login/?next=/memories/"),
    Page("POST", "memories/", 405),
    Page("GET", _MEMORY_PAGE, 302, f"/login/?next={_MEMORY_URL}"),
    Page("POST", _MEMORY_PAGE, 302, f"/login/?next={_MEMORY_URL}"),
    Page("GET", f"{_MEMORY_PAGE}forget/", 405),
    Page("POST", f"{_MEMORY_PAGE}forget/", 302, f"/login/?next={_MEMORY_URL}forget/"),
    Page("GET", f"{_MEMORY_PAGE}link/", 405),
    Page("POST", f"{_MEMORY_PAGE}link/", 302, f"/login/?next={_MEMORY_URL}link/"),
    Page("GET", f"{_MEMORY_PAGE}unlink/", 405),
    Page("POST", f"{_MEMORY_PAGE}unlink/", 302, f"/login/?next={_MEMORY_URL}unlink/"),
    Page("GET", "tenant/", 405),
    Page("POST", "tenant/", 302, "/login/"),
    Page("GET", "spaces/", 302, "/login/?next=/spaces/"),
    Page("POST", "spaces/", 302, "/login/?next=/spaces/"),
    Page("GET", "spaces/<str:space>/", 302, "/login/?next=/spaces/1/"),
    Page("POST", "spaces/<str:space>/", 302, "/login/?next=/spaces/1/"),
    Page("GET", "spaces/<str:space>/archive/", 405),
    Page("POST", "spaces/<str:space>/archive/", 302, "/login/?next=/spaces/1/"),
    Page("GET", "spaces/<str:space>/erase/", 405),
    Page("POST", "spaces/<str:space>/erase/", 302, "/login/?next=/spaces/1/"),
    Page("GET", "spaces/<str:space>/grants/", 405),
    Page("POST", "spaces/<str:space>/grants/", 302, "/login/?next=/spaces/1/"),
    Page("GET", "spaces/<str:space>/grants/<uuid:grant_id>/", 405),
    Page("POST", "spaces/<str:space>/grants/<uuid:grant_id>/", 302, "/login/?next=/spaces/1/"),
    Page("GET", "erasures/", 302, "/login/?next=/erasures/"),
    Page("POST", "erasures/", 405),
    Page("GET", "erasures/part/", 302, "/login/?next=/erasures/part/"),
    Page("POST", "erasures/part/", 405),
    Page("GET", "people/", 302, "/login/?next=/people/"),
    Page("POST", "people/", 405),
    Page("GET", "people/members/", 405),
    Page("POST", "people/members/", 302, "/login/?next=/people/"),
    Page("GET", "people/members/<str:username>/", 302, "/login/?next=/people/members/1/"),
    Page("POST", "people/members/<str:username>/", 405),
    Page("GET", "people/members/<str:username>/role/", 405),
    Page("POST", "people/members/<str:username>/role/", 302, "/login/?next=/people/members/1/"),
    Page("GET", "people/members/<str:username>/remove/", 405),
    Page("POST", "people/members/<str:username>/remove/", 302, "/login/?next=/people/"),
    Page("GET", "people/teams/", 405),
    Page("POST", "people/teams/", 302, "/login/?next=/people/"),
    Page("GET", "people/teams/<str:team>/", 302, "/login/?next=/people/teams/1/"),
    Page("POST", "people/teams/<str:team>/", 405),
    Page("GET", "people/teams/<str:team>/name/", 405),
    Page("POST", "people/teams/<str:team>/name/", 302, "/login/?next=/people/"),
    Page("GET", "people/teams/<str:team>/dissolve/", 405),
    Page("POST", "people/teams/<str:team>/dissolve/", 302, "/login/?next=/people/"),
    Page("GET", "people/teams/<str:team>/members/", 405),
    Page("POST", "people/teams/<str:team>/members/", 302, "/login/?next=/people/"),
    Page("GET", "people/teams/<str:team>/members/<str:username>/remove/", 405),
    Page("POST", "people/teams/<str:team>/members/<str:username>/remove/", 302, "/login/?next=/people/teams/1/"),
    Page("GET", "keys/", 302, "/login/?next=/keys/"),
    Page("POST", "keys/", 302, "/login/?next=/keys/"),
    Page("GET", "keys/<uuid:key_id>/", 302, "/login/?next=/keys/00000000-0000-4000-8000-000000000000/"),
    Page("POST", "keys/<uuid:key_id>/", 302, "/login/?next=/keys/00000000-0000-4000-8000-000000000000/"),
    Page("GET", "keys/<uuid:key_id>/revoke/", 405),
    Page("POST", "keys/<uuid:key_id>/revoke/", 302, "/login/?next=/keys/"),
    Page("GET", "signing-keys/", 302, "/login/?next=/signing-keys/"),
    Page("POST", "signing-keys/", 302, "/login/?next=/signing-keys/"),
    Page("GET", "signing-keys/<uuid:key_id>/", 302, "/login/?next=/signing-keys/00000000-0000-4000-8000-000000000000/"),
    Page("POST", "signing-keys/<uuid:key_id>/", 405),
    Page("GET", "signing-keys/<uuid:key_id>/revoke/", 405),
    Page("POST", "signing-keys/<uuid:key_id>/revoke/", 302, "/login/?next=/signing-keys/"),
    Page("GET", "audit/", 302, "/login/?next=/audit/"),
    Page("POST", "audit/", 405),
    Page("GET", "login/", 200),
    Page("POST", "login/", 200),
    Page("PUT", "login/", 200),
    Page("POST", "logout/", 302, "/login/"),
    Page("GET", "api/v1/schema/", 200),
    Page("GET", "api/v1/docs/", 200),
    Page("GET", "healthz", 200),
    Page("POST", "healthz", 200),
    Page("GET", "metrics", 403),
    Page("POST", "metrics", 403),
    Page("GET", "readyz", 200),
    Page("POST", "readyz", 200),
    Page("GET", "api/v1/<path:rest>", 404),
    Page("POST", "api/v1/<path:rest>", 404),
    Page("GET", "admin/login/", 200),
    Page("POST", "admin/login/", 200),
    Page("GET", "admin/logout/", 302, "/admin/"),
    Page("POST", "admin/logout/", 302, "/admin/"),
]
