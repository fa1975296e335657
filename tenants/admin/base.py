"""What operators' pages have in common: an audit row for every change, and a question before every act that is hard to undo."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, SplitDateTimeField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from tenants.callers import INSTALLATION, Actor, Caller
from tenants.errors import EngramError
from tenants.operations import Action, record
from tenants.scope import tenant_tx


def operator_of(request: HttpRequest) -> Caller:
    actor = Actor("operator", str(request.user.pk), request.user.get_username())
    return Caller(INSTALLATION, actor, {}, request.origin)  # type: ignore[attr-defined]


class NamedFields(BaseInlineFormSet):
    """Rows whose fields each have a name, for those who do not see the head of the column that it is in."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            # A group of boxes has a name for each of them already.
            if field.label and not field.widget.use_fieldset:
                field.widget.attrs["aria-label"] = field.label


class RefusingAdmin(admin.ModelAdmin):
    """A page that saves through services: what they refuse is said in the form as it was sent, and nothing of it is stored."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except EngramError as error:
            request.refused_by = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        error: EngramError | None = getattr(request, "refused_by", None)
        return form if error is None else _at_fault(form, error)


def _at_fault(form: Any, error: EngramError) -> Any:
    """The same form, in which the error is found when it is checked: beside the field that it names, or above all."""

    def clean(self: Any) -> Any:
        cleaned = form.clean(self)
        for problem in error.problems():
            self.add_error(problem.attr if problem.attr in self.fields else None, problem.detail)
        return cleaned

    return type(form.__name__, (form,), {"clean": clean})


class AuditedAdmin(RefusingAdmin):
    """Django's log entries, and a row in the audit trail of the tenant concerned."""

    def tenant_id(self, instance: Any) -> UUID:
        return instance.tenant_id  # type: ignore[no-any-return]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        # Until it is stored, the database has not given it the key that rows below it would name.
        return super().get_inlines(request, obj) if obj else []

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if isinstance(field, SplitDateTimeField):
            for widget, part in zip(field.widget.widgets, ("date", "time"), strict=True):
                widget.attrs["aria-label"] = f"{db_field.verbose_name}, {part}"
        return field

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "add", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "change", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for instance in queryset:
            self._record(request, instance, "delete")
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, instance: Any, verb: str, message: Any = ()) -> None:
        caller = operator_of(request).acting_for(self.tenant_id(instance))
        with tenant_tx(caller.tenant_id):
            what = _parts(message)
            done = f"{verb} {instance._meta.verbose_name} {instance}"
            record(caller, Action.ADMINISTER, target=f"{done}: {what}" if what else done)


def _parts(message: Any) -> str:
    """Which fields were changed, and which rows below, from what Django logs; none of their values."""
    parts = []
    for verb, what in ((verb, what) for part in message for verb, what in part.items()):
        row = f"{verb} {what['name']} {what['object']}" if "object" in what else ""
        parts.append(f"{row} {', '.join(what.get('fields', ()))}".strip())
    return "; ".join(part for part in parts if part)


def asked_first(
    page: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[Any], *, question: str, consequence: str, yes: str
) -> TemplateResponse | None:
    """The page that asks before an action is done to the chosen ones; ``None`` once the operator has said yes."""
    if "confirmed" in request.POST:
        return None
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": question,
        "chosen": list(chosen),
        "action": request.POST["action"],
        "consequence": consequence,
        "yes": yes,
    }
    return TemplateResponse(request, "admin/ask_first.html", context)
