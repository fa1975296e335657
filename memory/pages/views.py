"""The overview, a member's first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from memory.services.overview import overview, view_overview
from tenants.callers import Caller
from tenants.operations import Action
from tenants.pages.access import member_page


@member_page(Action.VIEW_OVERVIEW)
def overview_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    return render(request, "memory/overview.html", {"overview": view_overview(caller)})


@member_page(Action.VIEW_OVERVIEW)
def overview_part(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The part of the page that changes, as it is now."""
    return render(request, "memory/overview_part.html", {"overview": overview(caller)})
