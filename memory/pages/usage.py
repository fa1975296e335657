"""What one space uses of what it may, now and over time."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from memory.pages.charts import asked_step, by_action, chart, spans
from memory.services.usage import Usage, usage, watch_usage
from tenants.callers import Caller
from tenants.models import Permission
from tenants.operations import Action
from tenants.pages.access import member_page
from tenants.services.access import entered


@require_safe
@member_page(Action.READ_USAGE)
def usage_page(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    with entered(caller, space, Permission.READ) as scope:
        used = usage(scope, asked_step(request.GET.get("step")))
    return render(request, "memory/usage.html", _context(request, used))


@require_safe
@member_page(Action.READ_USAGE)
def usage_part(request: HttpRequest, caller: Caller, space: str) -> HttpResponse:
    """The part of the page that changes, as it is now."""
    with entered(caller, space, Permission.READ) as scope:
        used = watch_usage(scope, asked_step(request.GET.get("step")))
    return render(request, "memory/usage_part.html", _context(request, used))


def _context(request: HttpRequest, used: Usage) -> dict[str, Any]:
    step = asked_step(request.GET.get("step"))
    return {
        "used": used,
        "step": step,
        "spans": spans(step),
        "chart": chart(used.series),
        "actions": by_action(used.series),
        "percent_full": used.counts.total * 100 // max(1, used.capacity),
    }
