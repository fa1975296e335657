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
    Call("GET", "signing-keys/<uuid:key_id>/", "read_signing_key", "admin", 200),
    Call("POST", "signing-keys/<uuid:key_id>/rotate/", "rotate_signing_key", "admin", 201, lambda s: {}),
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


# Only keys and admins make spaces, so whoever else asks is told that before they are told of the parent.
_MAKES_NO_SPACE = {"create_space": "permission_denied"}

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
        but=_MAKES_NO_SPACE,
    ),
    Caller("a member's token", "acme_s1", "acme", ALLOWED, ALLOWED, "permission_denied", "permission_denied", ALLOWED),
    Caller(
        "a token that the tenant signed", "acme_s1", "acme", ALLOWED, ALLOWED, ALLOWED, ALLOWED, but=_MAKES_NO_SPACE
    ),
    Caller(
        "a token that the tenant signed to read", "acme_s1", "acme", ALLOWED, ALLOWED, "permission_denied", "permission_denied"
    ),
    replace(
        _refused("a token that the tenant signed for another space", "acme_s1", "acme", "space_not_covered"), but=_MAKES_NO_SPACE
    ),
    replace(
        _refused("a token that the tenant signed for another tenant's space", "globex_s1", "acme", "access_withdrawn"),
        but=_MAKES_NO_SPACE,
    ),
    Caller("a member of the space's team", "acme_reds", "acme", ALLOWED, ALLOWED, ALLOWED, "permission_denied", ALLOWED),
    Caller(
        "a member of a team below the space", "acme_board", "acme", ALLOWED, ALLOWED, "permission_denied", "permission_denied",
        ALLOWED,
    ),
    replace(
        _refused("a member of a team beside the space's", "acme_blues", "acme", "space_not_covered"),
        member=ALLOWED, but=_MAKES_NO_SPACE,
    ),
    replace(
        _refused("a session of a team beside the space's", "acme_blues", "acme", "space_not_covered"),
        member=ALLOWED, but=_MAKES_NO_SPACE,
    ),
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
                ("read_key", "rotate_key", "revoke_key", "read_signing_key", "rotate_signing_key", "revoke_signing_key",
                 "update_member", "remove_member", "read_team", "update_team", "delete_team", "add_team_member",
                 "remove_team_member"),
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
    # Its managers may see an archived space, take back whom it is shared with, let it return and erase it, and nothing else.
    replace(
        _refused("the owner of an archived space", "acme_archived", "acme", "space_archived"),
        but=dict.fromkeys(("read_space", "update_space", "erase_space", "list_grants", "withdraw_space"), ALLOWED),
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
    _unknown("a token that the tenant signed with a revoked key"),
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
    "a token that the tenant signed": {"acme_s1"},
    "a token that the tenant signed for another space": {"acme_s10"},
    "a token that the tenant signed for another tenant's space": set(),
    "a member of the space's team": {
        "acme_s1", "acme_s10", "acme_shared", "acme_desk", "acme_lent", "acme_archived", "acme_erasing", "acme_board",
        "acme_reds",
    },
    "a key of a space with a longer name": {"acme_s10"},
    "a token narrowed to another space": {"acme_s10"},
    "another tenant's key": {"globex_s1", "acme_shared"},
    "another tenant's admin": {"globex_s1", "acme_shared", "acme_desk", "hooli_shared"},
    "another tenant's token that claims the space": set(),
    "another tenant's key that was forged to name the space": {"globex_s1"},
    "a tenant whose grant was withdrawn": {"globex_s1"},
}  # fmt: skip
