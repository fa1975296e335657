"""A whole space out, and in again: where to get it, and how far an import is."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from memory.pages.forms import ImportForm
from memory.services import imports
from memory.services.export import expected_size
from memory.services.imports import ImportRecord
from tenants.callers import Caller
from tenants.errors import Conflict, TooLarge
from tenants.limits import installation
from tenants.models import Permission
from tenants.operations import Action
from tenants.pages.access import member_page
from tenants.scope import SpaceScope
from tenants.services.access import entered


@member_page(Action.LIST_IMPORTS)
def transfer_page(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    """What there is to send and to fetch; a file sent to it is imported."""
    if request.method == "POST":
        return _start(request, caller, space)
    with entered(caller, space, Permission.READ) as scope:
        return _show(request, scope, imports.list_imports(scope), ImportForm())


@require_safe
@member_page(Action.LIST_IMPORTS)
def imports_part(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    """How far the imports are now."""
    with entered(caller, space, Permission.READ) as scope:
        return render(request, "memory/imports.html", _progress(scope, imports.watch_imports(scope)))


@require_POST
@member_page(Action.CANCEL_IMPORT)
def cancel_import_act(request: HttpRequest, caller: Caller, space: str, import_id: UUID) -> HttpResponse:
    with entered(caller, space, Permission.MANAGE) as scope:
        try:
            imports.cancel_import(scope, import_id)
        except Conflict as error:
            messages.warning(request, error.problems()[0].detail)
        else:
            messages.success(request, "The import is cancelled. What it had stored stays.")
    return redirect("transfer-page", space)


def _start(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    form = ImportForm(request.POST, request.FILES)
    with entered(caller, space, Permission.MANAGE) as scope:
        if form.is_valid():
            try:
                imports.start_import(scope, form.cleaned_data["file"].chunks())
            except (Conflict, TooLarge) as error:
                form.add_error("file", error.problems()[0].detail)
        if form.errors:
            return _show(request, scope, imports.watch_imports(scope), form)
    messages.success(request, "The file has come; a worker reads it now.")
    return redirect("transfer-page", space)


def _show(request: HttpRequest, scope: SpaceScope, found: list[ImportRecord], form: ImportForm) -> HttpResponse:
    context = {
        "form": form,
        "most_bytes": installation().sizes.body_bytes,
        "size": expected_size(scope),
        **_progress(scope, found),
    }
    return render(request, "memory/transfer.html", context)


def _progress(scope: SpaceScope, found: list[ImportRecord]) -> dict[str, object]:
    return {
        "space": scope.space,
        "imports": found,
        "is_manageable": Permission.MANAGE in scope.permissions,
        "is_running": any(not each.is_finished for each in found),
    }
