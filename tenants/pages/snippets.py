"""Code to start from, with the key, the space and the address that it is for already in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from tenants.services.signing_keys import SigningKeyView


@dataclass(frozen=True, slots=True)
class Snippet:
    id: str
    label: str
    text: str


def recall_snippets(request: HttpRequest, api_key: str, space: str) -> list[Snippet]:
    """How to exchange a key for a token and recall with that."""
    context = {"origin": f"{request.scheme}://{request.get_host()}", "api_key": api_key, "space": space}
    names = {"curl": "curl", "python": "Python", "typescript": "TypeScript"}
    return [_snippet(name, label, context) for name, label in names.items()]


def signing_snippets(key: SigningKeyView, secret: str | None, space: str) -> list[Snippet]:
    """How a backend signs a token; ``secret`` is HS256's."""
    context = {"key": key, "secret": secret, "space": space, "audience": settings.TOKEN_AUDIENCE}
    names = {"sign_python": "Python", "sign_typescript": "TypeScript"}
    return [_snippet(name, label, context) for name, label in names.items()]


def _snippet(name: str, label: str, context: Mapping[str, object]) -> Snippet:
    return Snippet(f"snippet-{name}", label, render_to_string(f"tenants/snippets/{name}.txt", dict(context)).strip())
