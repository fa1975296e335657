"""The memory API: what a space uses."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.models import Step
from audit.services.usage import Series
from memory.services.usage import TierUsage, Usage, usage
from tenants.api.base import EngramView
from tenants.api.strict import ChoiceField, StrictSerializer
from tenants.models import Permission
from tenants.operations import Action


class UsageQuery(StrictSerializer):
    step = ChoiceField(Step.choices, default=Step.HOUR, help_text="The length of the series' steps.")
    after = serializers.DateTimeField(
        required=False,
        help_text="Where the series begins: unless given, 3 hours ago by minute, 3 days by hour, 90 by day.",
    )


class TierUsageAnswer(serializers.Serializer[Any]):
    memories = serializers.IntegerField()
    capacity = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Text and vectors; indexes come on top.")
    search = serializers.ChoiceField(
        ["exact", "index"],
        help_text="How its vectors are searched: all of them compared, or by an index, as a large tier is.",
    )


class TotalUsageAnswer(serializers.Serializer[Any]):
    memories = serializers.IntegerField()
    capacity = serializers.IntegerField()


class RateUsageAnswer(serializers.Serializer[Any]):
    used = serializers.IntegerField(
        allow_null=True, help_text="In the running second; null while it is counted per process."
    )
    limit = serializers.IntegerField(help_text="Operations a second.")


class PointAnswer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(help_text="When the step begins.")
    action = serializers.CharField()
    outcome = serializers.ChoiceField(["allowed", "denied", "limited", "failed"])
    operations = serializers.IntegerField()
    mean_ms = serializers.FloatField()
    p50_ms = serializers.FloatField()
    p95_ms = serializers.FloatField()


class SeriesAnswer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(Step.choices)
    after = serializers.DateTimeField()
    points = PointAnswer(many=True, help_text="In order of time; a step in which nothing was asked has none.")


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
    series = SeriesAnswer(help_text="What the space was asked, by everybody; brought up to date every minute.")


class UsageView(EngramView):
    """Every limit of a space, with what is used of it now, and what the space was asked over time."""

    actions = {"GET": Action.READ_USAGE}
    serializer_class = UsageAnswer
    query_serializers = {"GET": UsageQuery}

    @extend_schema(parameters=[UsageQuery], responses=UsageAnswer)
    def get(self, request: Request, space: str) -> Response:
        used = usage(self.open_space(Permission.READ), Step(self.parameters["step"]), self.parameters.get("after"))
        return Response(UsageAnswer(_answer(used)).data)


def _answer(used: Usage) -> dict[str, Any]:
    counts, limits = used.counts, used.limits
    return {
        "space": used.space,
        **{use.tier.value: _tier(use) for use in used.tiers},
        "total": {"memories": counts.total, "capacity": used.capacity},
        "rate": {"used": used.now and used.now.used, "limit": limits.rate_limit_per_space},
        "concurrency": {"used": used.now and used.now.running, "limit": limits.max_concurrent_per_space},
        "max_spreading_depth": limits.max_spreading_depth,
        "newest_at": counts.newest_at,
        "series": _series(used.series),
    }


def _tier(use: TierUsage) -> dict[str, Any]:
    return {
        "memories": use.count.memories,
        "capacity": use.capacity,
        "bytes": use.bytes,
        "search": "index" if use.indexed else "exact",
    }


def _series(series: Series) -> dict[str, Any]:
    points = [
        {
            "at": point.at,
            "action": point.action,
            "outcome": point.outcome,
            "operations": point.operations,
            "mean_ms": round(point.durations.mean, 3),
            "p50_ms": round(point.durations.quantile(0.5), 3),
            "p95_ms": round(point.durations.quantile(0.95), 3),
        }
        for point in series.points
    ]
    return {"step": series.step, "after": series.after, "points": points}
