"""What logging in and out leaves in the audit trail, and whose."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from audit.services.events import recent_events
from tenants.callers import INSTALLATION
from tenants.models import Tenant
from tests.tenants.asking import newest_event
from tests.world import PASSWORD, World


def test_a_log_in_is_filed_under_the_members_tenant(world: World, client: Client) -> None:
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    event = newest_event("acme")
    assert (event.action, event.outcome, event.actor_kind, event.actor_name) == ("log_in", "allowed", "member", "alice")


def test_a_log_out_is_filed_under_the_members_tenant(world: World, client: Client) -> None:
    client.force_login(get_user_model().objects.get(username="alice"))
    client.post("/logout/")
    event = newest_event("acme")
    assert (event.action, event.outcome, event.actor_name) == ("log_out", "allowed", "alice")


def test_logging_out_twice_leaves_one_row(world: World, client: Client) -> None:
    client.force_login(get_user_model().objects.get(username="alice"))
    client.post("/logout/")
    client.post("/logout/")
    assert [event.action for event in recent_events(Tenant.objects.get(slug="acme").id, 2)] == ["log_out", "log_in"]


def test_a_wrong_password_for_a_member_is_shown_to_their_tenant(world: World, client: Client) -> None:
    client.post("/login/", {"username": "alice", "password": "not-her-password"})
    event = newest_event("acme")
    assert (event.action, event.outcome, event.actor_kind) == ("log_in", "denied", "anonymous")
    assert (event.target, event.reason) == ("alice", "wrong name or password")


def test_a_name_that_nobody_has_is_not_written_down(world: World, client: Client) -> None:
    client.post("/login/", {"username": "oops-my-password", "password": "x"})
    (event,) = recent_events(INSTALLATION, 1)
    assert (event.action, event.outcome, event.target) == ("log_in", "denied", "")


def test_an_operators_log_in_to_the_admin_is_the_installations(world: World, client: Client) -> None:
    get_user_model().objects.create_superuser("root", password=PASSWORD)
    client.post("/admin/login/", {"username": "root", "password": PASSWORD})
    (event,) = recent_events(INSTALLATION, 1)
    assert (event.action, event.actor_kind, event.actor_name) == ("log_in", "operator", "root")


def test_a_person_whose_account_is_switched_off_does_not_come_in(world: World, client: Client) -> None:
    get_user_model().objects.filter(username="alice").update(is_active=False)
    answer = client.post("/login/", {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 200
    assert newest_event("acme").outcome == "denied"


@pytest.mark.parametrize("path", ["/", "/overview/"])
def test_pages_ask_for_a_log_in(world: World, client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/login/?next={path}")


def test_a_part_of_a_page_reloads_it_when_the_session_is_over(world: World, client: Client) -> None:
    answer = client.get("/overview/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_logging_out_needs_a_post(world: World, client: Client) -> None:
    client.force_login(get_user_model().objects.get(username="alice"))
    assert client.get("/logout/").status_code == 405


def test_pages_are_not_kept_by_any_cache(world: World, client: Client) -> None:
    client.force_login(get_user_model().objects.get(username="alice"))
    assert "no-store" in client.get("/").headers["Cache-Control"]
