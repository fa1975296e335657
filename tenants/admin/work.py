"""Workers' tasks: when each ran last, and those that failed for good, which can be sent again."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tenants.admin.base import AuditedAdmin, asked_first, operator_of
from tenants.callers import INSTALLATION
from tenants.errors import Unavailable
from tenants.models import DeadLetter, TaskRun
from tenants.services.work import send_again


class WorkAdmin(AuditedAdmin):
    list_per_page = 50

    def tenant_id(self, instance: Any) -> UUID:
        return INSTALLATION

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields


@admin.register(TaskRun)
class TaskRunAdmin(WorkAdmin):
    list_display = ["task", "finished_at", "took", "failed", "runs", "failures"]
    list_filter = ["failed"]
    fields = ["task", "finished_at", "took", "failed", "runs", "failures"]

    @admin.display(description="took", ordering="seconds")
    def took(self, run: TaskRun) -> str:
        return f"{run.seconds:.2f} s"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DeadLetter)
class DeadLetterAdmin(WorkAdmin):
    list_display = ["task", "error", "attempts", "failed_at", "sent_again_at"]
    list_filter = ["task"]
    fields = ["task", "arguments", "error", "attempts", "failed_at", "sent_again_at"]
    actions = ["send_again"]

    @admin.action(description="Send the chosen tasks again", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        asking = asked_first(
            self,
            request,
            queryset,
            question="Send these tasks again?",
            consequence="Workers try them anew. If they fail again, each leaves another entry here.",
            yes="Yes, send them again",
        )
        if asking is not None:
            return asking
        try:
            sent = send_again(operator_of(request), list(queryset.values_list("id", flat=True)))
        except Unavailable as error:
            self.message_user(request, str(error.detail), messages.ERROR)
        else:
            self.message_user(request, f"Sent again: {sent}.", messages.SUCCESS)
        return None
