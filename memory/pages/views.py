"""The overview, a member's first page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from memory.pages.charts import asked_step, chart, spans
from memory.pages.jobs import failing_jobs
from memory.services.overview import Overview, overview, view_overview
from tenants.callers import Caller
from tenants.operations import Action
from tenants.pages.access import member_page


@member_page(Action.VIEW_OVERVIEW)
def overview_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    step = asked_step(request.GET.get("step"))
    return render(request, "memory/overview.html", _context(request, view_overview(caller, step)))


@member_page(Action.VIEW_OVERVIEW)
def overview_part(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The part of the page that changes, as it is now."""
    step = asked_step(request.GET.get("step"))
    return render(request, "memory/overview_part.html", _context(request, overview(caller, step)))


def _context(request: HttpRequest, seen: Overview) -> dict[str, Any]:
    step = asked_step(request.GET.get("step"))
    return {
        "overview": seen,
        "jobs": failing_jobs(seen.attention.tasks),
        "spans": spans(step),
        "step": step,
        "chart": chart(seen.series) if seen.series else None,
    }
