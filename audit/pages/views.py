"""The audit trail, for a tenant's admins: who did what, how it went, and how far it is sealed."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.pages.forms import TrailForm
from audit.services.seal_status import seal_status
from audit.services.trail import list_events
from tenants.api import cursor
from tenants.callers import Caller
from tenants.operations import Action
from tenants.pages.access import member_page

A_PAGE = 50


@require_GET
@member_page(Action.LIST_EVENTS)
def audit_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    form = TrailForm(request.GET)
    filters, after = form.filters(), request.GET.get("cursor")
    page = list_events(caller, filters, cursor.decode(after) if after else None, A_PAGE)
    sent = {name: value for name, value in request.GET.items() if name in form.fields and value}
    context = {
        "form": form,
        "events": page.events,
        "is_filtered": bool(sent),
        "is_later_page": bool(after),
        "export": urlencode(form.given()),
        "older": urlencode({**sent, "cursor": cursor.encode(page.next)}) if page.next else "",
        "newest": urlencode(sent),
        "seals": seal_status(caller.tenant_id),
    }
    return render(request, "audit/trail.html", context)
