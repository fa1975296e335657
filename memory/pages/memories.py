"""Memories: browse them, read one, and with leave to write, edit, link and forget it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from memory.pages.forms import BrowseForm, EditForm, LinkForm
from memory.records import Link
from memory.services import associations, memories
from memory.services.explore import open_spaces
from memory.services.reading import MemoryInFull, read_in_full
from tenants.api import cursor
from tenants.callers import Caller
from tenants.errors import Conflict, EngramError, NotFound
from tenants.models import Permission
from tenants.operations import Action
from tenants.pages.access import member_page
from tenants.positions import Position
from tenants.queries import is_admin
from tenants.scope import SpaceScope
from tenants.services.access import entered

LISTED = 30


@require_safe
@member_page(Action.LIST_MEMORIES)
def memories_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A space's memories, newest first."""
    form = BrowseForm(request.GET, open_spaces(caller))
    if not form.names or not form.is_valid():
        return render(request, "memory/memories.html", {"form": form})
    given = request.GET.get("cursor")
    after = cursor.decode(given) if given else None
    with entered(caller, form.cleaned_data["space"], Permission.READ) as scope:
        page = memories.list_memories(scope, form.filters, after, LISTED)
    context = {
        "form": form,
        "space": scope.space,
        "page": page,
        "newest": _at(request, None) if after else "",
        "older": _at(request, page.next) if page.next else "",
    }
    return render(request, "memory/memories.html", context)


@member_page(Action.READ_MEMORY)
def memory_page(request: HttpRequest, caller: Caller, space: str, memory_id: UUID) -> HttpResponse:
    """One memory; a form sent to it changes it."""
    if request.method == "POST":
        return _update(request, caller, space, memory_id)
    with entered(caller, space, Permission.READ) as scope:
        return _show(request, caller, scope, memory_id)


@require_POST
@member_page(Action.FORGET)
def forget_memory(request: HttpRequest, caller: Caller, space: str, memory_id: UUID) -> HttpResponse:
    with entered(caller, space, Permission.WRITE) as scope:
        memories.forget(scope, memory_id)
    messages.success(request, "The memory is forgotten, with its associations.")
    return redirect(f"{reverse('memories-page')}?space={space}")


@require_POST
@member_page(Action.ASSOCIATE)
def link_memory(request: HttpRequest, caller: Caller, space: str, memory_id: UUID) -> HttpResponse:
    """Associate the memory with another, explicitly."""
    form = LinkForm(request.POST)
    with entered(caller, space, Permission.WRITE) as scope:
        if form.is_valid():
            link = Link(form.cleaned_data["target"], form.cleaned_data["weight"])
            try:
                associations.associate(scope, memory_id, link)
            except EngramError as error:
                form.add_error("target", error.problems()[0].detail)
        if form.errors:
            return _show(request, caller, scope, memory_id, link=form)
    messages.success(request, "The memories are associated.")
    return redirect("memory-page", space, memory_id)


@require_POST
@member_page(Action.DISSOCIATE)
def unlink_memory(request: HttpRequest, caller: Caller, space: str, memory_id: UUID) -> HttpResponse:
    """Take back an explicit association, which leads from the memory to ``target`` or from ``source`` to it."""
    ends = LinkEnds(request.POST, memory_id)
    with entered(caller, space, Permission.WRITE) as scope:
        associations.dissociate(scope, ends.source, ends.target)
    messages.success(request, "The association is taken back.")
    return redirect("memory-page", space, memory_id)


class LinkEnds:
    """The two ends of an association of a memory, the other being named ``source`` or ``target``; raises ``NotFound``."""

    def __init__(self, given: Any, memory_id: UUID) -> None:
        try:
            self.source = UUID(given["source"]) if "source" in given else memory_id
            self.target = UUID(given["target"]) if "target" in given else memory_id
        except ValueError as error:
            raise NotFound("There is no such association.") from error


def _update(request: HttpRequest, caller: Caller, space: str, memory_id: UUID) -> HttpResponse:
    with entered(caller, space, Permission.WRITE) as scope:
        form = EditForm(memories.read_memory(scope, memory_id), request.POST)
        if form.is_valid():
            try:
                memories.update_memory(scope, memory_id, form.changes)
            except Conflict as error:
                form.add_error("content", error.problems()[0].detail)
        if form.errors:
            return _show(request, caller, scope, memory_id, edit=form)
    messages.success(request, "The memory is changed.")
    return redirect("memory-page", space, memory_id)


def _show(
    request: HttpRequest,
    caller: Caller,
    scope: SpaceScope,
    memory_id: UUID,
    *,
    edit: EditForm | None = None,
    link: LinkForm | None = None,
) -> HttpResponse:
    admin = is_admin(caller)
    seen: MemoryInFull = read_in_full(scope, memory_id, with_history=admin)
    context = {
        "seen": seen,
        "memory": seen.memory,
        "is_admin": admin,
        "is_writable": Permission.WRITE in scope.permissions,
        "edit": edit or EditForm(seen.memory),
        "link": link or LinkForm(),
    }
    return render(request, "memory/memory.html", context)


def _at(request: HttpRequest, position: Position | None) -> str:
    """The address of what was asked for, from a position on."""
    parameters = request.GET.copy()
    parameters.pop("cursor", None)
    if position:
        parameters["cursor"] = cursor.encode(position)
    return f"?{parameters.urlencode()}"
