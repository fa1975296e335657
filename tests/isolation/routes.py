"""Every route of the installation and the methods that it answers, as Django's resolver has them."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

API = "api/v1/"
ADMIN = "admin/"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SAFE = {"HEAD", "OPTIONS"}


class Route(NamedTuple):
    """``path`` is as ``urls.py`` spells it, with its parameters."""

    path: str
    methods: frozenset[str]
    is_api: bool


def all_routes() -> list[Route]:
    return list(_walk(get_resolver(), ""))


def filled(path: str) -> str:
    """A URL of the route, its parameters filled in with something that does not exist."""
    path = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", path)
    path = re.sub(r"\(\?P<app_label>[^)]*\)", "tenants", path)
    path = re.sub(r"\(\?P<url>[^)]*\)", "nowhere", path)
    path = re.sub(r"<(\w+:)?\w+>", "1", path)
    return "/" + path.replace("^", "").replace("$", "")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        else:
            yield _route(entry, path)


def _route(entry: URLPattern, path: str) -> Route:
    view: Any = getattr(entry.callback, "cls", None) or getattr(entry.callback, "view_class", None)
    is_api = isinstance(view, type) and issubclass(view, APIView) and not view.__module__.startswith("drf_spectacular")
    if view is None:
        return Route(path, frozenset({"GET", "POST"}), is_api)
    methods = {name.upper() for name in view.http_method_names if hasattr(view, name)}
    return Route(path, frozenset(methods if is_api else methods - SAFE), is_api)
