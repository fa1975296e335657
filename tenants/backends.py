"""Logging in by name and password, at a pace that guessing does not survive."""

import hashlib
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest
from limits import RateLimitItemPerMinute

from tenants.callers import Origin
from tenants.errors import Limited
from tenants.services import limiter

# Wrong passwords a minute, from one address: for one name, and for all names. By address, so that nobody can lock another out.
FOR_ONE_NAME = RateLimitItemPerMinute(10)
FOR_ALL_NAMES = RateLimitItemPerMinute(100)


class PacedBackend(ModelBackend):
    """Django's own check of a password, unless too many went wrong from there in the last minute: then ``Limited``."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> User | None:
        origin: Origin = more.pop("origin", None) or getattr(request, "origin", None) or Origin()
        # The name is hashed because people type their password there.
        one_name = ("login", origin.address, hashlib.sha256((username or "").lower().encode()).hexdigest())
        all_names = ("logins", origin.address)
        if not limiter.has_room(FOR_ONE_NAME, *one_name) or not limiter.has_room(FOR_ALL_NAMES, *all_names):
            refusal = Limited(
                "Too many wrong passwords came from this address; try again in a minute.", "login_limited"
            )
            refusal.headers = {"Retry-After": "60"}
            raise refusal
        user = super().authenticate(request, username=username, password=password, **more)
        if user is None:
            limiter.count(FOR_ONE_NAME, *one_name)
            limiter.count(FOR_ALL_NAMES, *all_names)
        return user
