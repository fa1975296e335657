"""The sections of the dashboard, in the order of its navigation."""

from dataclasses import dataclass

from django.urls import reverse

from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class Section:
    """``view`` names the section's first page; every page below that one's path, or below ``also``'s, belongs to the section."""

    label: str
    view: str
    for_admins: bool = False
    also: str = ""


@dataclass(frozen=True, slots=True)
class SectionLink:
    label: str
    url: str
    is_current: bool


SECTIONS = (
    Section("Overview", "overview"),
    Section("Spaces", "spaces-page", also="erasures-page"),
    Section("Explore", "explore"),
    Section("Memories", "memories-page"),
    Section("People", "people-page"),
    Section("API keys", "keys-page", for_admins=True),
    Section("Signing keys", "signing-keys-page", for_admins=True),
    Section("Audit", "audit-page", for_admins=True),
)


def navigation(role: str, path: str) -> list[SectionLink]:
    """What a member of that role may turn to, and where the page at ``path`` belongs."""
    shown = [section for section in SECTIONS if role == Membership.Role.ADMIN or not section.for_admins]
    return [SectionLink(section.label, reverse(section.view), _is_current(section, path)) for section in shown]


def _is_current(section: Section, path: str) -> bool:
    views = [section.view, section.also] if section.also else [section.view]
    return any(_is_within(path, reverse(view)) for view in views)


def _is_within(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
