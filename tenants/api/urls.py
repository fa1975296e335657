from django.urls import path

from tenants.api import key_views, people_views, views

urlpatterns = [
    path("auth/token/", views.TokenView.as_view(), name="token"),
    path("auth/token/refresh/", views.RefreshView.as_view(), name="token-refresh"),
    path("auth/token/revoke/", views.RevokeView.as_view(), name="token-revoke"),
    path("auth/whoami/", views.WhoamiView.as_view(), name="whoami"),
    path("spaces/", views.SpacesView.as_view(), name="spaces"),
    path("spaces/<str:space>/", views.SpaceView.as_view(), name="space"),
    path("erasures/", views.ErasuresView.as_view(), name="erasures"),
    path("spaces/<str:space>/grants/", people_views.GrantsView.as_view(), name="grants"),
    path("spaces/<str:space>/grants/<uuid:grant_id>/", people_views.GrantView.as_view(), name="grant"),
    path("keys/", key_views.KeysView.as_view(), name="keys"),
    path("keys/<uuid:key_id>/", key_views.KeyView.as_view(), name="key"),
    path("keys/<uuid:key_id>/rotate/", key_views.RotateKeyView.as_view(), name="key-rotate"),
    path("signing-keys/", key_views.SigningKeysView.as_view(), name="signing-keys"),
    path("signing-keys/<uuid:key_id>/", key_views.SigningKeyView.as_view(), name="signing-key"),
    path("signing-keys/<uuid:key_id>/rotate/", key_views.RotateSigningKeyView.as_view(), name="signing-key-rotate"),
    path("members/", people_views.MembersView.as_view(), name="members"),
    path("members/<str:username>/", people_views.MemberView.as_view(), name="member"),
    path("teams/", people_views.TeamsView.as_view(), name="teams"),
    path("teams/<str:team>/", people_views.TeamView.as_view(), name="team"),
    path("teams/<str:team>/members/<str:username>/", people_views.TeamMemberView.as_view(), name="team-member"),
]
