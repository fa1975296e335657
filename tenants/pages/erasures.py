"""How far the erasing of spaces is, in the words of those who asked for it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenants.callers import Caller
from tenants.operations import Action
from tenants.pages.access import member_page
from tenants.services.erasures import ErasureView, erasures, list_erasures

# The tables of which a worker deletes a space's rows, one after the other.
STEPS = 12
# What one row, and many, of those are called that people know.
_WORDS = {
    "memory_memory": ("memory", "memories"),
    "memory_embedding": ("vector", "vectors"),
    "memory_association": ("association", "associations"),
    "memory_entity": ("name", "names"),
    "memory_lexeme": ("word count", "word counts"),
    "memory_import": ("import", "imports"),
}
_OTHERS = ("other record", "other records")


@dataclass(frozen=True, slots=True)
class Deleted:
    number: int
    of_what: str


@dataclass(frozen=True, slots=True)
class Report:
    """``step`` is the one of ``steps`` that a worker is at, 0 before the first; ``deleted`` leaves out what there was none of."""

    erasure: ErasureView
    steps: int = STEPS

    @property
    def step(self) -> int:
        return len(self.erasure.erased)

    @property
    def deleted(self) -> list[Deleted]:
        erased = self.erasure.erased
        counts = [(erased.get(table, 0), *words) for table, words in _WORDS.items()]
        counts.append((sum(rows for table, rows in erased.items() if table not in _WORDS), *_OTHERS))
        return [Deleted(number, one if number == 1 else many) for number, one, many in counts if number]


@require_GET
@member_page(Action.LIST_ERASURES)
def erasures_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    return render(request, "tenants/erasures.html", _context(list_erasures(caller)))


@require_GET
@member_page(Action.LIST_ERASURES)
def erasures_part(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The part of the page that changes, as it is now."""
    return render(request, "tenants/erasures_part.html", _context(erasures(caller)))


def _context(found: list[ErasureView]) -> dict[str, list[Report]]:
    return {"reports": [Report(erasure) for erasure in found]}
