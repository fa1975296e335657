"""Lists that are sorted by what is counted elsewhere, and no column of their rows."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import BigIntegerField, F, Func, JSONField, TextField, Value
from django.db.models.functions import Cast, Coalesce


class FiguresChangeList(ChangeList):
    """Asks its page for the figures of all rows when it is to be sorted by them, and only then."""

    def get_ordering_field(self, field_name: Any) -> Any:
        page: Any = self.model_admin
        if ORDER_VAR in self.params and field_name in page.counted:
            return _by(page.figures(field_name))
        return super().get_ordering_field(field_name)


def _by(figures: Mapping[UUID, int]) -> Coalesce:
    """A row's figure, and 0 for one that has none."""
    known = Value({str(key): figure for key, figure in figures.items()}, JSONField())
    found = Func(known, Cast(F("pk"), TextField()), function="jsonb_extract_path_text", output_field=TextField())
    return Coalesce(Cast(found, BigIntegerField()), 0)
