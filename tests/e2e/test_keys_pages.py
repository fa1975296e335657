"""Making, rotating and revoking keys in the dashboard, and running what it says."""

import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from tenants.models import ApiKey, SigningKey
from tests.e2e.snippets import Project
from tests.e2e.visitors import OpenPage, log_in
from tests.tenants.backends import Backend, ed25519_key, pem, private_pem
from tests.tenants.control_api import ControlApi
from tests.world import World, logged_in


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    project.install()
    return project


def make_key(page: Page, name: str = "desk", spaces: str = "acme_s1") -> None:
    page.goto("/keys/")
    page.get_by_text("New key", exact=True).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Spaces", exact=True).fill(spaces)
    page.get_by_role("button", name="Make the key").click()


def shown(page: Page, label: str) -> str:
    return str(page.get_by_label(label, exact=True).text_content())


def listing(token: str) -> int:
    """What the space answers to who lists its memories with the token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client.get("/api/v1/spaces/acme_s1/memories/").status_code


def test_a_key_is_shown_once_with_code_that_runs(world: World, open_page: OpenPage, project: Project) -> None:
    page = open_page()
    log_in(page, "alice", at="/keys/")
    make_key(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy the key now")
    key = shown(page, "desk")
    assert key.startswith("egk_")
    answer = subprocess.run(["sh", "-c", shown(page, "curl")], capture_output=True, text=True, check=True)
    assert "The first memory of acme_s1." in answer.stdout
    assert "The first memory of acme_s1." in project.python(shown(page, "Python"))
    assert "The first memory of acme_s1." in project.typescript(shown(page, "TypeScript"))
    page.get_by_role("link", name="I have it").click()
    expect(page.get_by_role("table")).to_contain_text("desk")
    assert key not in page.content()
    page.get_by_role("link", name="desk", exact=True).click()
    assert key not in page.content()


def test_the_key_is_copied_by_a_button(world: World, open_page: OpenPage) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    log_in(page, "alice", at="/keys/")
    make_key(page)
    page.get_by_role("button", name="Copy desk").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == shown(page, "desk")


def test_a_key_reaches_no_more_than_its_tenant(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "alice", at="/keys/")
    make_key(page, spaces="acme_s1, globex_s1")
    field = page.locator(".field", has=page.get_by_label("Spaces", exact=True))
    expect(field).to_contain_text("has no space 'globex_s1' of its own or shared with it.")
    page.get_by_label("Spaces", exact=True).fill("Not a name")
    page.get_by_role("button", name="Make the key").click()
    expect(field).to_contain_text("A space's name is 3 to 64 characters")
    assert not ApiKey.objects.filter(name="desk").exists()


def test_a_key_is_rotated_and_the_old_one_ends(world: World, open_page: OpenPage) -> None:
    application = world.client("acme_s1")
    page = open_page()
    log_in(page, "alice", at=f"/keys/{ApiKey.objects.get(name='acme_s1').pk}/")
    grace = page.get_by_label("The old key ends")
    expect(grace.locator("option:checked")).to_have_text("In a day")
    grace.select_option("At once")
    expect(page.get_by_label("The new key ends").locator("option:checked")).to_have_text("When it is revoked")
    page.get_by_role("button", name="Rotate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy the key now")
    fresh = APIClient().post("/api/v1/auth/token/", {"api_key": shown(page, "acme_s1")}, format="json")
    assert fresh.status_code == 200
    assert application.get("/api/v1/spaces/acme_s1/").status_code == 403


def test_a_key_is_revoked_after_a_question(world: World, open_page: OpenPage) -> None:
    application = world.client("acme_s1")
    page = open_page()
    log_in(page, "alice", at=f"/keys/{ApiKey.objects.get(name='acme_s1').pk}/")
    page.get_by_role("button", name="Revoke …").click()
    page.get_by_role("dialog", name="Revoke acme_s1?").get_by_role("button", name="Revoke it").click()
    expect(page.get_by_role("status")).to_contain_text("acme_s1 is revoked.")
    expect(page.get_by_role("row", name="acme_s1 egk_").first).to_contain_text("Revoked")
    assert application.get("/api/v1/spaces/acme_s1/").status_code == 403


def test_a_signing_secret_is_shown_once_and_signs(world: World, open_page: OpenPage, project: Project) -> None:
    page = open_page()
    log_in(page, "alice", at="/signing-keys/")
    page.get_by_text("New signing key", exact=True).click()
    page.get_by_label("Name", exact=True).fill("backend")
    page.get_by_label("Algorithm", exact=True).select_option("HS256")
    page.get_by_role("button", name="Register the key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy the secret now")
    assert listing(project.python(shown(page, "Python"))) == 200
    assert listing(project.typescript(shown(page, "TypeScript"))) == 200
    secret = shown(page, "Secret")
    page.get_by_role("link", name="I have it").click()
    assert secret not in page.content()


def test_a_public_key_is_registered_and_a_private_one_turned_away(
    world: World, open_page: OpenPage, project: Project
) -> None:
    page = open_page()
    log_in(page, "alice", at="/signing-keys/")
    page.get_by_text("New signing key", exact=True).click()
    page.get_by_label("Name", exact=True).fill("backend")
    page.get_by_label("Public key", exact=True).fill("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
    page.get_by_role("button", name="Register the key").click()
    expect(page.locator(".field", has=page.get_by_label("Public key", exact=True))).to_contain_text(
        "must stay with you"
    )
    expect(page.get_by_label("Public key", exact=True)).to_have_value("")
    page.get_by_label("Public key", exact=True).fill(pem(ed25519_key()))
    page.get_by_role("button", name="Register the key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The key is registered")
    key = SigningKey.objects.get()
    (project.folder / "private-key.pem").write_text(private_pem(ed25519_key()))
    tokens = [project.python(shown(page, "Python")), project.typescript(shown(page, "TypeScript"))]
    assert [listing(token) for token in tokens] == [200, 200]
    page.goto(f"/signing-keys/{key.pk}/")
    page.get_by_role("button", name="Revoke …").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke it").click()
    expect(page.get_by_role("status")).to_contain_text("Revoked, with every token signed with it.")
    assert [listing(token) for token in tokens] == [401, 401]


def test_a_signing_secret_is_rotated_and_both_sign_until_the_old_one_ends(world: World, open_page: OpenPage) -> None:
    old = ControlApi(logged_in("alice")).made("signing-keys/", {"name": "backend", "algorithm": "HS256"})
    before = Backend(old["kid"], "HS256", old["secret"]).token()
    page = open_page()
    log_in(page, "alice", at=f"/signing-keys/{old['id']}/")
    page.get_by_role("button", name="Rotate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy the secret now")
    kid, secret = shown(page, "Key id, for the header of the tokens"), shown(page, "Secret")
    assert (kid == old["kid"], secret == old["secret"]) == (False, False)
    assert [listing(before), listing(Backend(kid, "HS256", secret).token())] == [200, 200]
    page.get_by_role("link", name="I have it").click()
    assert secret not in page.content()
    page.get_by_role("row", name=kid).get_by_role("link", name="backend").click()
    page.get_by_label("The old key ends").select_option("At once")
    page.get_by_role("button", name="Rotate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy the secret now")
    assert listing(Backend(kid, "HS256", secret).token()) == 401


def test_a_public_key_is_rotated_by_another_and_a_bad_one_is_said_beside_its_field(
    world: World, open_page: OpenPage
) -> None:
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    made = {"name": "backend", "algorithm": "EdDSA", "public_key": pem(first)}
    old = ControlApi(logged_in("alice")).made("signing-keys/", made)
    page = open_page()
    log_in(page, "alice", at=f"/signing-keys/{old['id']}/")
    field = page.locator(".field", has=page.get_by_role("textbox", name="Public key"))
    page.get_by_role("textbox", name="Public key").fill("no key at all")
    page.get_by_role("button", name="Rotate").click()
    expect(field.locator(".errorlist")).to_be_visible()
    page.get_by_role("textbox", name="Public key").fill(pem(second))
    page.get_by_label("The old key ends").select_option("At once")
    page.get_by_role("button", name="Rotate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The key is registered")
    kid = shown(page, "Key id, for the header of the tokens")
    tokens = [Backend(old["kid"], "EdDSA", first).token(), Backend(kid, "EdDSA", second).token()]
    assert [listing(token) for token in tokens] == [401, 200]


def test_keys_are_no_section_of_a_members(world: World, open_page: OpenPage) -> None:
    page = open_page()
    log_in(page, "bob")
    expect(page.get_by_role("navigation", name="Main")).not_to_contain_text("keys")
