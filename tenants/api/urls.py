from django.urls import path

from tenants.api import views

urlpatterns = [
    path("auth/token/", views.TokenView.as_view(), name="token"),
    path("auth/token/refresh/", views.RefreshView.as_view(), name="token-refresh"),
    path("auth/token/revoke/", views.RevokeView.as_view(), name="token-revoke"),
    path("auth/whoami/", views.WhoamiView.as_view(), name="whoami"),
    path("spaces/", views.SpacesView.as_view(), name="spaces"),
    path("spaces/<str:space>/", views.SpaceView.as_view(), name="space"),
]
