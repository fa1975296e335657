"""The two groups of staff that every installation has: Support looks, Operators write too."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

SUPPORT = "Support"
OPERATORS = "Operators"


def install_groups(sender: AppConfig, using: str, **_: Any) -> None:
    """After ``migrate``: each group has its permissions on all that the app keeps. Who is in them is for superusers to say."""
    # To find the person who is to be a member, one must see who there is.
    people = Q(content_type__app_label="auth", codename="view_user")
    permissions = Permission.objects.using(using).filter(Q(content_type__app_label=sender.label) | people)
    looking = permissions.filter(codename__startswith="view_")
    _group(SUPPORT, using).permissions.add(*looking)
    _group(OPERATORS, using).permissions.add(*permissions)


def _group(name: str, using: str) -> Group:
    group, _ = Group.objects.using(using).get_or_create(name=name)
    return group
