"""Operators' pages for the control plane. No page here shows a memory or a secret; whatever is changed is audited where the
tenant can see it. Tenants and spaces are not deleted here: that would leave their memories without an owner.

``TenantAdmin`` and ``SpaceAdmin`` are registered by ``memory.admin``, which adds what their spaces hold.
"""

from tenants.admin.grants import GrantAdmin
from tenants.admin.keys import ApiKeyAdmin, SigningKeyAdmin
from tenants.admin.spaces import SpaceAdmin
from tenants.admin.tenants import TenantAdmin
from tenants.admin.work import DeadLetterAdmin, TaskRunAdmin

__all__ = [
    "ApiKeyAdmin",
    "DeadLetterAdmin",
    "GrantAdmin",
    "SigningKeyAdmin",
    "SpaceAdmin",
    "TaskRunAdmin",
    "TenantAdmin",
]
