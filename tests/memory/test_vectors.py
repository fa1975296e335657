"""Vectors on their way in."""

import math
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.vectors import as_text, check, embed
from tenants.callers import SYSTEM, Origin
from tenants.errors import Invalid, Unavailable
from tenants.limits import Limits
from tenants.scope import SpaceScope
from tests.memory.openai_server import OpenAIServer, always

NUMBERS = st.floats(-1e100, 1e100).filter(lambda number: number == 0 or abs(number) > 1e-100)
VECTORS = st.lists(NUMBERS, min_size=5, max_size=5).filter(any)


def scope(model: str = "of-the-client", dimension: int = 5) -> SpaceScope:
    return SpaceScope(
        space_id=UUID(int=1),
        space="acme_s1",
        tenant_id=UUID(int=2),
        actor=SYSTEM,
        permissions=frozenset(),
        limits=Limits(),
        embedding_model=model,
        embedding_dimension=dimension,
        origin=Origin(),
    )


@given(VECTORS)
def test_a_vector_is_brought_to_unit_length_in_its_own_direction(values: list[float]) -> None:
    vector = check(scope(), values)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    length = math.hypot(*values)
    assert vector.astype(float) * length == pytest.approx(values, rel=1e-5, abs=1e-5 * length)


def test_whole_numbers_make_a_vector_too() -> None:
    assert check(scope(), [0, 3, 0, -4, 0]).tolist() == pytest.approx([0, 0.6, 0, -0.8, 0])


@pytest.mark.parametrize("number", [1e-200, 1e200])
def test_very_small_and_very_large_numbers_have_a_direction_too(number: float) -> None:
    assert check(scope(), [number] * 5).tolist() == pytest.approx([5**-0.5] * 5)


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ([1.0], "dimension_mismatch", "'embedding' has 1 numbers; the space 'acme_s1' holds vectors of 5"),
        ([], "dimension_mismatch", "'embedding' has 0 numbers"),
        ([0.0] * 5, "invalid_vector", "its largest number is 0.0; allowed: finite and not zero"),
        ([float("nan")] * 5, "invalid_vector", "its largest number is nan"),
        ([float("inf")] * 5, "invalid_vector", "its largest number is inf"),
    ],
)
def test_what_has_no_place_or_no_direction_is_refused(values: list[float], code: str, words: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check(scope(), values)
    (problem,) = refusal.value.problems()
    assert (problem.code, problem.attr) == (code, "embedding")
    assert words in problem.detail


@given(VECTORS)
def test_written_out_a_vector_is_as_exact_as_half_precision_can_be(values: list[float]) -> None:
    vector = check(scope(), values)
    written = [float(number) for number in as_text(vector)[1:-1].split(",")]
    assert np.array(written, np.float16).tolist() == vector.astype(np.float16).tolist()


def test_no_texts_ask_no_embedder(provider: OpenAIServer) -> None:
    assert embed(scope("lengths", 3), []) == []
    assert provider.requests == []


def test_texts_are_embedded_by_the_spaces_model(provider: OpenAIServer) -> None:
    vectors = embed(scope("lengths", 3), ["ab", "abcd"])
    assert [vector.tolist() for vector in vectors] == [
        pytest.approx([2 / 3, 1 / 3, 2 / 3]),
        pytest.approx(np.array([4, 1, 2]) / np.sqrt(21)),
    ]


@pytest.mark.parametrize(("model", "dimension"), [("lengths", 4), ("breadths", 3)])
def test_another_model_or_dimension_than_the_servers_asks_for_a_vector(
    provider: OpenAIServer, model: str, dimension: int
) -> None:
    with pytest.raises(Invalid) as refusal:
        embed(scope(model, dimension), ["ab"])
    (problem,) = refusal.value.problems()
    assert (problem.code, problem.attr) == ("embedding_required", "embedding")
    assert f"{model!r} ({dimension} dimensions), which this server does not run" in problem.detail
    assert provider.requests == []


@pytest.mark.parametrize("status", [400, 413, 422])
def test_texts_that_the_provider_will_not_have_are_refused(provider: OpenAIServer, status: int) -> None:
    provider.script(always({"error": "a private text is too long"}, status))
    with pytest.raises(Invalid) as refusal:
        embed(scope("lengths", 3), ["a private text"])
    (problem,) = refusal.value.problems()
    assert problem.code == "embedding_refused"
    assert "may be too long for 'lengths'" in problem.detail
    assert "private" not in problem.detail
    assert len(provider.requests) == 1


@pytest.mark.parametrize("answer", [always({}, 401), always({}, 500), always({"data": []}), always("nonsense")])
def test_a_provider_that_fails_is_unavailable_and_gives_nothing_away(provider: OpenAIServer, answer: Any) -> None:
    provider.script(answer, answer, answer)
    with pytest.raises(Unavailable) as failure:
        embed(scope("lengths", 3), ["a private text"])
    (problem,) = failure.value.problems()
    assert problem.code == "embedder_unavailable"
    assert problem.detail.startswith("The embedder did not answer: The embedding provider")
    assert not {"secret-key", "a private text", provider.url} & set(problem.detail.split())
