"""The API's default permission: whoever comes in must have shown who they are. What they may touch, services ask."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.callers import Caller


class IsCaller(BasePermission):
    def has_permission(self, request: Request, view: object) -> bool:
        return isinstance(request.user, Caller)
