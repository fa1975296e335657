"""Operators in the admin, and its forms as a browser sends them."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from audit.services.events import recent_events
from tenants.models import Tenant

# What the page that asks first sends along.
YES = {"confirmed": "yes"}


def superuser(name: str = "root") -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser(name))
    return client


def staff(name: str, group: str) -> Client:
    """Somebody of one of the two groups."""
    user = get_user_model().objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def page(model: str, action: str, *arguments: Any) -> str:
    return reverse(f"admin:tenants_{model}_{action}", args=arguments)


def form_of(client: Client, url: str) -> dict[str, Any]:
    """What the page's form would send if nothing were touched."""
    context = client.get(url).context
    forms = [
        context["adminform"].form,
        *(form for formset in context["inline_admin_formsets"] for form in formset.formset.forms),
    ]
    managed = [formset.formset.management_form for formset in context["inline_admin_formsets"]]
    fields = [(form.add_prefix(name), form[name].value()) for form in [*managed, *forms] for name in form.fields]
    return {name: value for name, value in fields if value is not None}


def saved(client: Client, url: str, **changes: Any) -> None:
    response = client.post(url, {**form_of(client, url), **changes})
    assert response.status_code == 302, response.context["errors"]


def trail(tenant: str) -> list[str]:
    """The actions in a tenant's audit trail, newest first."""
    return [event.action for event in recent_events(Tenant.objects.get(slug=tenant).id, 1_000)]
