"""Which sections a member can turn to, and which one a page belongs to."""

import pytest

from tenants.pages import navigation
from tenants.pages.navigation import Section


@pytest.fixture
def _sections(monkeypatch: pytest.MonkeyPatch) -> None:
    sections = (Section("Overview", "overview"), Section("Log-ins", "login", for_admins=True, also="choose-tenant"))
    monkeypatch.setattr(navigation, "SECTIONS", sections)


def current(path: str) -> list[str]:
    return [link.label for link in navigation.navigation("admin", path) if link.is_current]


@pytest.mark.usefixtures("_sections")
def test_a_member_is_not_shown_what_is_for_admins() -> None:
    assert [link.label for link in navigation.navigation("member", "/")] == ["Overview"]
    assert [link.label for link in navigation.navigation("admin", "/")] == ["Overview", "Log-ins"]


@pytest.mark.usefixtures("_sections")
def test_a_page_belongs_to_the_section_above_it() -> None:
    assert current("/") == ["Overview"]
    assert current("/login/") == current("/login/deeper/") == ["Log-ins"]
    assert current("/tenant/") == ["Log-ins"]
    assert current("/elsewhere/") == []
