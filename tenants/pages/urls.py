from django.contrib.auth.views import LogoutView
from django.urls import path

from tenants.pages import erasures, keys, people, spaces, views

urlpatterns = [
    path("login/", views.LogInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", views.ChangePasswordView.as_view(), name="change-password"),
    path("tenant/", views.choose_tenant, name="choose-tenant"),
    path("spaces/", spaces.spaces_page, name="spaces-page"),
    path("spaces/<str:space>/", spaces.space_page, name="space-page"),
    path("spaces/<str:space>/archive/", spaces.archive_space_act, name="archive-space"),
    path("spaces/<str:space>/erase/", spaces.erase_space_act, name="erase-space"),
    path("spaces/<str:space>/grants/", spaces.grant_space_act, name="grant-space"),
    path("spaces/<str:space>/grants/<uuid:grant_id>/", spaces.withdraw_grant_act, name="withdraw-grant"),
    path("erasures/", erasures.erasures_page, name="erasures-page"),
    path("erasures/part/", erasures.erasures_part, name="erasures-part"),
    path("people/", people.people_page, name="people-page"),
    path("people/members/", people.add_member_act, name="add-member"),
    path("people/members/<str:username>/", people.member_details, name="member-page"),
    path("people/members/<str:username>/role/", people.update_member_act, name="update-member"),
    path("people/members/<str:username>/remove/", people.remove_member_act, name="remove-member"),
    path("people/teams/", people.create_team_act, name="create-team"),
    path("people/teams/<str:team>/", people.team_page, name="team-page"),
    path("people/teams/<str:team>/name/", people.update_team_act, name="update-team"),
    path("people/teams/<str:team>/dissolve/", people.delete_team_act, name="delete-team"),
    path("people/teams/<str:team>/members/", people.add_team_member_act, name="add-team-member"),
    path(
        "people/teams/<str:team>/members/<str:username>/remove/",
        people.remove_team_member_act,
        name="remove-team-member",
    ),
    path("keys/", keys.keys_page, name="keys-page"),
    path("keys/<uuid:key_id>/", keys.key_page, name="key-page"),
    path("keys/<uuid:key_id>/revoke/", keys.revoke_key_act, name="revoke-key"),
    path("signing-keys/", keys.signing_keys_page, name="signing-keys-page"),
    path("signing-keys/<uuid:key_id>/", keys.signing_key_page, name="signing-key-page"),
    path("signing-keys/<uuid:key_id>/revoke/", keys.revoke_signing_key_act, name="revoke-signing-key"),
]
