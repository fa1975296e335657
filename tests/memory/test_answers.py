"""Answers: as DRF would write them, in less time."""

import json
from datetime import UTC
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer

from memory.api.serializers import ActivationAnswer, MemoryAnswer
from memory.records import Activated, MemoryRecord
from tenants.api.answers import AnswerRenderer

ID = UUID("01a209cb-4ae1-75b3-9b16-17db08509c3e")
TIMES = st.datetimes(timezones=st.just(UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
METADATA = st.dictionaries(TEXTS, st.recursive(st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS, st.lists))
MEMORIES = st.builds(
    MemoryRecord,
    id=st.uuids(),
    space=TEXTS,
    content=TEXTS,
    kind=TEXTS,
    confidence=NUMBERS,
    session=st.none() | TEXTS,
    metadata=METADATA,
    observed_at=TIMES,
    created_at=TIMES,
    updated_at=TIMES,
    expires_at=st.none() | TIMES,
    tier=st.sampled_from(["hot", "warm", "cold"]),
    recall_count=st.integers(0, 2**31),
    last_recalled_at=st.none() | TIMES,
)


def by_drf(answer: type[serializers.Serializer[Any]], rows: list[Any]) -> Any:
    plain = type("Plain", (serializers.Serializer,), answer().get_fields())
    return json.loads(JSONRenderer().render(plain(rows, many=True).data))


def written(answer: type[serializers.Serializer[Any]], rows: list[Any]) -> Any:
    return json.loads(AnswerRenderer().render(answer(rows, many=True).data))


@given(st.lists(MEMORIES, max_size=3))
def test_memories_read_as_drf_writes_them(memories: list[MemoryRecord]) -> None:
    assert written(MemoryAnswer, memories) == by_drf(MemoryAnswer, memories)


def test_a_row_within_a_row_is_written_too() -> None:
    activated = Activated(ID, "The pole broke.", "fact", None, "hot", 0.25, 1, [ID])
    assert written(ActivationAnswer, [activated]) == [
        {
            "memory": {
                "id": str(ID),
                "content": "The pole broke.",
                "kind": "fact",
                "session": None,
                "tier": "hot",
            },
            "activation": 0.25,
            "depth": 1,
            "path": [str(ID)],
        }
    ]


def test_an_errors_detail_and_a_translation_are_texts() -> None:
    told = {"detail": ErrorDetail("No such space.", "not_found"), "title": gettext_lazy("Space")}
    assert AnswerRenderer().render(told) == b'{"detail":"No such space.","title":"Space"}'


def test_somebody_who_reads_gets_it_indented() -> None:
    assert AnswerRenderer().render({"id": ID}, "application/json; indent=2") == f'{{\n  "id": "{ID}"\n}}'.encode()


def test_nothing_is_written_as_nothing() -> None:
    assert AnswerRenderer().render(None) == b""


def test_what_json_has_no_form_for_is_named() -> None:
    with pytest.raises(TypeError, match="An answer holds a complex, which JSON has no form for"):
        AnswerRenderer().render({"number": 1j})
