"""API keys and signing keys: made and shown once, rotated, revoked. For admins."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tenants.callers import Caller
from tenants.operations import Action
from tenants.pages.access import member_act, member_page
from tenants.pages.key_forms import NewKeyForm, NewSigningKeyForm, RotateForm, RotateSigningKeyForm, lifetime_of
from tenants.pages.snippets import recall_snippets, signing_snippets
from tenants.services.keys import NewKey, list_keys, read_key, revoke_key
from tenants.services.signing_keys import (
    SigningKeyView,
    list_signing_keys,
    read_signing_key,
    revoke_signing_key,
)
from tenants.services.tree import places

# Rows of a table that people read; the services list no more than a thousand.
MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
@member_page(Action.LIST_KEYS, post=Action.CREATE_KEY)
def keys_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The API keys, newest first; a new one is shown in the answer to its form, and never again."""
    form = NewKeyForm(request.POST or None)
    if request.method == "POST" and (made := form.create(caller)):
        return _made(request, made)
    keys = list_keys(caller)
    context = {"keys": keys[:MOST_SHOWN], "count": len(keys), "form": form, "places": places(caller)}
    return render(request, "tenants/keys.html", context)


@require_http_methods(["GET", "POST"])
@member_page(Action.READ_KEY, post=Action.ROTATE_KEY)
def key_page(request: HttpRequest, caller: Caller, key_id: UUID) -> HttpResponse:
    """One key; to rotate it is to be shown the one in its place, once."""
    form = RotateForm(request.POST or None)
    if request.method == "POST" and (made := form.rotate(caller, key_id)):
        return _made(request, made)
    key = read_key(caller, key_id)
    form.initial["lifetime"] = lifetime_of(key)
    context = {"key": key, "form": form}
    return render(request, "tenants/key.html", context)


@member_act(Action.REVOKE_KEY, back="keys-page")
def revoke_key_act(request: HttpRequest, caller: Caller, key_id: UUID) -> HttpResponse:
    key = revoke_key(caller, key_id)
    messages.success(request, f"{key.name} is revoked. Its tokens are refused from now on.")
    return redirect("keys-page")


@require_http_methods(["GET", "POST"])
@member_page(Action.LIST_SIGNING_KEYS, post=Action.CREATE_SIGNING_KEY)
def signing_keys_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The signing keys, newest first; a secret that is drawn is shown in the answer to the form, and never again."""
    form = NewSigningKeyForm(request.POST or None)
    if request.method == "POST" and (made := form.create(caller)):
        return _signing_key_made(request, caller, *made)
    keys = list_signing_keys(caller)
    context = {"keys": keys[:MOST_SHOWN], "count": len(keys), "form": form}
    return render(request, "tenants/signing_keys.html", context)


@require_http_methods(["GET", "POST"])
@member_page(Action.READ_SIGNING_KEY, post=Action.ROTATE_SIGNING_KEY)
def signing_key_page(request: HttpRequest, caller: Caller, key_id: UUID) -> HttpResponse:
    """One signing key; to rotate it is to be shown the one in its place, its secret, if it has one, once."""
    form = RotateSigningKeyForm(request.POST or None)
    if request.method == "POST" and (made := form.rotate(caller, key_id)):
        return _signing_key_made(request, caller, *made)
    key = read_signing_key(caller, key_id)
    form.initial["lifetime"] = lifetime_of(key)
    context = {"key": key, "form": form}
    return render(request, "tenants/signing_key.html", context)


@member_act(Action.REVOKE_SIGNING_KEY, back="signing-keys-page")
def revoke_signing_key_act(request: HttpRequest, caller: Caller, key_id: UUID) -> HttpResponse:
    revoke_signing_key(caller, key_id)
    messages.success(request, "Revoked, with every token signed with it.")
    return redirect("signing-keys-page")


def _made(request: HttpRequest, made: NewKey) -> HttpResponse:
    space = next((name for name, permissions in made.spaces.items() if "read" in permissions), None)
    snippets = recall_snippets(request, made.api_key, space) if space else []
    return render(request, "tenants/key_made.html", {"key": made, "space": space, "snippets": snippets})


def _signing_key_made(request: HttpRequest, caller: Caller, key: SigningKeyView, secret: str | None) -> HttpResponse:
    space = next(iter(places(caller).parents), "your_space")
    shown = {"key": key, "secret": secret, "snippets": signing_snippets(key, secret, space)}
    return render(request, "tenants/signing_key_made.html", shown)
