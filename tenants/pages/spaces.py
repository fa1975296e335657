"""Spaces: the tree of them, and the page of each with its description, its grants, and its end."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tenants.callers import Caller
from tenants.errors import Invalid
from tenants.models import Space
from tenants.operations import Action
from tenants.pages.access import member_act, member_page
from tenants.pages.space_forms import EditSpaceForm, GrantForm, NewSpaceForm
from tenants.queries import is_admin
from tenants.services.erasures import erase_space, erasures
from tenants.services.sharing import list_grants, withdraw_grant
from tenants.services.spaces import SpaceView, read_space, update_space
from tenants.services.tree import places, space_tree


@require_http_methods(["GET", "POST"])
@member_page(Action.LIST_SPACES, post=Action.CREATE_SPACE)
def spaces_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The tree; admins add to it."""
    form = NewSpaceForm(request.POST or None)
    if request.method == "POST" and (made := form.create(caller)):
        messages.success(request, f"{made.title or made.name} is made.")
        return redirect("space-page", space=made.name)
    search = request.GET.get("q", "")[:100]
    admin = is_admin(caller)
    context = {
        "tree": space_tree(caller, search),
        "search": search,
        "form": form,
        "places": places(caller) if admin else None,
        "is_admin": admin,
        "erasing": [erasure for erasure in erasures(caller) if erasure.finished_at is None],
    }
    return render(request, "tenants/spaces.html", context)


@require_http_methods(["GET", "POST"])
@member_page(Action.READ_SPACE, post=Action.UPDATE_SPACE)
def space_page(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    """One space, which its managers describe and move here."""
    view = read_space(caller, space)
    form = EditSpaceForm(request.POST or None, initial=_described(view))
    if request.method == "POST" and form.update(caller, space):
        messages.success(request, "Saved.")
        return redirect("space-page", space=space)
    return _space_page(request, caller, view, form=form)


@member_act(Action.SHARE_SPACE, back="space-page", about="space")
def grant_space_act(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    form = GrantForm(request.POST)
    granted = form.grant(caller, space)
    if granted is None:
        return _space_page(request, caller, read_space(caller, space), grant_form=form)
    messages.success(request, f"Shared with {granted.tenant or granted.team or granted.member}.")
    return redirect("space-page", space=space)


@member_act(Action.WITHDRAW_SPACE, back="space-page", about="space")
def withdraw_grant_act(request: HttpRequest, caller: Caller, space: str, grant_id: UUID) -> HttpResponse:
    withdraw_grant(caller, space, grant_id)
    messages.success(request, "Withdrawn. It counts from their next request.")
    return redirect("space-page", space=space)


@member_act(Action.UPDATE_SPACE, back="space-page", about="space")
def archive_space_act(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    """Archive a space, or let it return."""
    returns = request.POST.get("status") == Space.Status.ACTIVE
    update_space(caller, space, {"status": Space.Status.ACTIVE if returns else Space.Status.ARCHIVED})
    messages.success(request, "It is back." if returns else "Archived. Its memories are kept, and out of reach.")
    return redirect("space-page", space=space)


@member_act(Action.ERASE_SPACE, back="space-page", about="space")
def erase_space_act(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    """Begin to erase a space whose name was typed."""
    typed = request.POST.get("confirm", "")
    if typed != space:
        raise Invalid(f"{typed[:64]!r} was typed; allowed: {space!r}, to confirm. Nothing was erased.", attr="confirm")
    erase_space(caller, space)
    messages.success(request, f"{space} is closed to everybody and being erased.")
    return redirect("erasures-page")


def _space_page(request: HttpRequest, caller: Caller, view: SpaceView, **forms: Any) -> HttpResponse:
    managed = "manage" in view.permissions
    context = {
        "space": view,
        "is_managed": managed,
        "is_own": view.owner_id == caller.tenant_id,
        "grants": list_grants(caller, view.name) if managed else [],
        "form": EditSpaceForm(initial=_described(view)),
        "places": places(caller) if managed else None,
        "grant_form": GrantForm(),
        **forms,
    }
    return render(request, "tenants/space.html", context)


def _described(view: SpaceView) -> dict[str, Any]:
    return {
        "title": view.title,
        "description": view.description,
        "parent": view.parent,
        "team": view.team,
        "text_search": view.text_search,
    }
