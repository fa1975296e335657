"""Operators' pages that know what spaces hold. None shows a memory, but for the one behind the broken glass."""

from memory.admin.break_glass import BreakGlassAdmin
from memory.admin.usage import SpaceUsageAdmin, TenantUsageAdmin

__all__ = ["BreakGlassAdmin", "SpaceUsageAdmin", "TenantUsageAdmin"]
