"""Who may see a page, and what everybody else sees instead."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRefresh

from tenants.authentication import member_caller
from tenants.callers import Caller
from tenants.errors import EngramError
from tenants.operations import Action, record
from tenants.scope import tenant_tx

MemberView = Callable[..., HttpResponse]


def member_page(action: Action) -> Callable[[MemberView], MemberView]:
    """Give a page its ``Caller``. Whoever is logged out is sent to log in, a person without a tenant is told so, and a refusal
    is explained in its own words and recorded as ``action``. A part that a page refreshes reloads the page instead."""

    def decorate(view: MemberView) -> MemberView:
        @never_cache
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_part = request.headers.get("HX-Request") == "true"
            if not request.user.is_authenticated:
                return HttpResponseClientRefresh() if is_part else redirect_to_login(request.get_full_path())
            caller = member_caller(request)
            if caller is None:
                return render(request, "tenants/no_tenant.html")
            try:
                return view(request, caller, *args, **kwargs)
            except EngramError as error:
                return HttpResponseClientRefresh() if is_part else _refusal(request, caller, action, error)

        return page

    return decorate


def _refusal(request: HttpRequest, caller: Caller, action: Action, error: EngramError) -> HttpResponse:
    (problem, *_) = error.problems()
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, action, outcome="denied", reason=f"{error.status_code} {problem.code}")
    return render(request, "problem.html", {"problem": problem}, status=error.status_code)
