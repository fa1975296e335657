"""The pages and probes outside the API proper, as data: what is shown to whom, and what a stranger gets."""

from dataclasses import dataclass

from tests.isolation.routes import ADMIN, all_routes, filled

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
    Page(
        "POST", "signing-keys/<uuid:key_id>/", 302, "/login/?next=/signing-keys/00000000-0000-4000-8000-000000000000/"
    ),
    Page("GET", "signing-keys/<uuid:key_id>/revoke/", 405),
    Page("POST", "signing-keys/<uuid:key_id>/revoke/", 302, "/login/?next=/signing-keys/"),
    Page("GET", "audit/", 302, "/login/?next=/audit/"),
    Page("POST", "audit/", 405),
    Page("GET", "login/", 200),
    Page("POST", "login/", 200),
    Page("PUT", "login/", 200),
    Page("GET", "password/", 302, "/login/?next=/password/"),
    Page("POST", "password/", 302, "/login/?next=/password/"),
    Page("PUT", "password/", 302, "/login/?next=/password/"),
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

ADMIN_PAGES = [
    filled(route.path)
    for route in all_routes()
    if route.path.startswith(ADMIN) and route.path not in {page.route for page in PAGES}
]

# The pages that show memories, with what they are asked.
READING = [
    "/memories/{space}/{memory}/",
    "/memories/?space={space}",
    "/explore/?q=may+know&space={space}",
    "/explore/found/?q=may+know&space={space}",
    "/explore/?memory={memory}&space={space}",
    "/explore/graph/?space={space}&sources={memory}&depth=2&threshold=0.01",
]
