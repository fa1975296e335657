"""Every URL of the installation."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from engram_site import health, metrics
from engram_site.views import api_not_found
from memory.mcp.views import McpView

urlpatterns = [
    path("", include("tenants.pages.urls")),
    path("", include("memory.pages.urls")),
    path("", include("audit.pages.urls")),
    path("admin/", admin.site.urls),
    path(
        "api/v1/",
        include(
            [
                path("schema/", SpectacularAPIView.as_view(), name="schema"),
                path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
                path("", include("tenants.api.urls")),
                path("", include("audit.api.urls")),
                path("", include("memory.api.urls")),
                path("<path:rest>", api_not_found),
            ]
        ),
    ),
    path("mcp", McpView.as_view(), name="mcp"),
    path("metrics", metrics.metrics, name="metrics"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
