"""Who may see a page, and what everybody else sees instead."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from tenants.authentication import member_caller
from tenants.callers import Caller
from tenants.errors import Conflict, EngramError, Invalid, NotFound
from tenants.operations import Action, outcome_of, record
from tenants.scope import tenant_tx
from tenants.services import limiter

MemberView = Callable[..., HttpResponse]


def member_page(action: Action, *, post: Action | None = None) -> Callable[[MemberView], MemberView]:
    """Give a page its ``Caller``. Whoever is logged out is sent to log in, a person without a tenant is told so, and a refusal
    is explained in its own words and recorded as ``action``, or as ``post`` where the page's form was sent. A part that a page
    refreshes reloads the page instead."""

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
                limiter.spend_of_tenant(caller.tenant_id)
                return view(request, caller, *args, **kwargs)
            except EngramError as error:
                asked = post if post and request.method == "POST" else action
                return HttpResponseClientRefresh() if is_part else _refusal(request, caller, asked, error, kwargs)

        return page

    return decorate


def member_act(action: Action, *, back: str, about: str = "") -> Callable[[MemberView], MemberView]:
    """Give what a form does its ``Caller``, and only a form's sending to do it for. Whoever has to log in first comes to the page
    ``back`` after that, and is told there what could not be done; ``about`` names the part of the address that it shares."""

    def decorate(view: MemberView) -> MemberView:
        @never_cache
        @require_POST
        @wraps(view)
        def act(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            home = reverse(back, kwargs={about: kwargs[about]} if about else None)
            if not request.user.is_authenticated:
                return redirect_to_login(home)
            caller = member_caller(request)
            if caller is None:
                return render(request, "tenants/no_tenant.html")
            try:
                limiter.spend_of_tenant(caller.tenant_id)
                return view(request, caller, **kwargs)
            except (Invalid, Conflict, NotFound) as error:
                note_refusal(caller, action, error, kwargs.get("space", ""))
                messages.error(request, error.problems()[0].detail)
                return redirect(home)
            except EngramError as error:
                return _refusal(request, caller, action, error, kwargs)

        return act

    return decorate


def note_refusal(caller: Caller, action: Action, error: EngramError, space: str = "") -> None:
    """A row in the audit trail for what could not be done."""
    with tenant_tx(caller.tenant_id, durable=False):
        record(caller, action, outcome=outcome_of(error.status_code), reason=error.reason(), space=space[:64])


def _refusal(
    request: HttpRequest, caller: Caller, action: Action, error: EngramError, named: Mapping[str, Any]
) -> HttpResponse:
    note_refusal(caller, action, error, named.get("space", ""))
    return render(request, "problem.html", {"problem": error.problems()[0]}, status=error.status_code)
