"""The memory API: what a space uses."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from memory.records import TierCount
from memory.services.usage import Usage, usage
from tenants.api.base import EngramView
from tenants.models import Permission
from tenants.operations import Action


class TierUsageAnswer(serializers.Serializer[Any]):
    memories = serializers.IntegerField()
    capacity = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Text and vectors; indexes come on top.")


class TotalUsageAnswer(serializers.Serializer[Any]):
    memories = serializers.IntegerField()
    capacity = serializers.IntegerField()


class RateUsageAnswer(serializers.Serializer[Any]):
    used = serializers.IntegerField(
        allow_null=True, help_text="In the running second; null while it is counted per process."
    )
    limit = serializers.IntegerField(help_text="Operations a second.")


class UsageAnswer(serializers.Serializer[Any]):
    space = serializers.CharField()
    hot = TierUsageAnswer()
    warm = TierUsageAnswer()
    cold = TierUsageAnswer()
    total = TotalUsageAnswer()
    rate = RateUsageAnswer()
    concurrency = RateUsageAnswer()
    max_spreading_depth = serializers.IntegerField()
    newest_at = serializers.DateTimeField(allow_null=True)


class UsageView(EngramView):
    """Every limit of a space, with what is used of it now."""

    actions = {"GET": Action.READ_USAGE}
    serializer_class = UsageAnswer

    @extend_schema(responses=UsageAnswer)
    def get(self, request: Request, space: str) -> Response:
        return Response(UsageAnswer(_answer(usage(self.open_space(Permission.READ)))).data)


def _answer(used: Usage) -> dict[str, Any]:
    counts, limits = used.counts, used.limits
    return {
        "space": used.space,
        "hot": _tier(used, counts.hot, limits.hot_capacity_per_space),
        "warm": _tier(used, counts.warm, limits.warm_capacity_per_space),
        "cold": _tier(used, counts.cold, limits.cold_capacity_per_space),
        "total": {"memories": counts.total, "capacity": used.capacity},
        "rate": {"used": used.now and used.now.used, "limit": limits.rate_limit_per_space},
        "concurrency": {"used": used.now and used.now.running, "limit": limits.max_concurrent_per_space},
        "max_spreading_depth": limits.max_spreading_depth,
        "newest_at": counts.newest_at,
    }


def _tier(used: Usage, count: TierCount, most: int) -> dict[str, int]:
    held = count.text_bytes + count.memories * used.vector_bytes
    return {"memories": count.memories, "capacity": most, "bytes": held}
