"""The embedders: the real local model, and the OpenAI client against a server on the loopback interface."""

import multiprocessing
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from memory.embedders import EmbeddingError, get_embedder
from memory.embedders.local import LocalEmbedder
from memory.embedders.openai import OpenAIEmbedder
from tests.memory.openai_server import OpenAIServer, always, backwards, embeddings, running_server, vector_of

KEY = "sk-a-very-secret-key"
SENTENCES = [
    "The customer asked for a refund because the parcel arrived broken.",
    "Someone wants their money back: the delivery was damaged.",
    "Glaciers in the Alps have lost a third of their ice since 2000.",
    "ok",
    "",
    "Deploys are frozen from Friday noon until Monday morning. " * 30,
    "数据库在夜里两点备份。",
]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_server() as running:
        yield running


@pytest.fixture
def remote(server: OpenAIServer) -> OpenAIEmbedder:
    return OpenAIEmbedder(server.url, KEY, "lengths", 3, timeout=5, patience=0.01)


def test_a_paraphrase_is_nearer_than_an_unrelated_sentence() -> None:
    refund, paraphrase, glaciers = LocalEmbedder().embed(SENTENCES[:3])
    assert refund @ paraphrase > 0.6
    assert abs(refund @ glaciers) < 0.2


def test_local_vectors_have_the_promised_shape_type_and_length() -> None:
    vectors = LocalEmbedder().embed(SENTENCES)
    assert vectors.shape == (len(SENTENCES), LocalEmbedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


def test_no_texts_give_no_vectors() -> None:
    assert LocalEmbedder().embed([]).shape == (0, 384)


def test_a_text_gets_the_same_vector_every_time() -> None:
    first = LocalEmbedder().embed(SENTENCES)
    np.testing.assert_array_equal(LocalEmbedder().embed(SENTENCES), first)


def test_a_text_gets_the_same_vector_alone_as_among_others() -> None:
    alone = np.concatenate([LocalEmbedder().embed([text]) for text in SENTENCES])
    np.testing.assert_allclose(LocalEmbedder().embed(SENTENCES), alone, atol=1e-6)


def test_what_follows_the_first_256_tokens_is_not_read() -> None:
    texts = ["tea " * 254, "tea " * 254 + "coffee", "tea " * 253 + "coffee"]
    short, long, other = LocalEmbedder().embed(texts)
    np.testing.assert_allclose(short, long, atol=1e-6)
    assert not np.allclose(short, other, atol=1e-6)


def test_padding_marks_inside_a_text_are_read_like_words() -> None:
    marked, plain = LocalEmbedder().embed(["[PAD] tea and a biscuit", "tea and a biscuit"])
    assert not np.allclose(marked, plain, atol=1e-3)


def test_threads_can_share_the_local_embedder() -> None:
    embedder = LocalEmbedder()
    expected = embedder.embed(SENTENCES)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(embedder.embed, [SENTENCES] * 16))
    np.testing.assert_allclose(answers, np.broadcast_to(expected, (16, *expected.shape)), atol=1e-6)


def test_a_forked_worker_can_use_the_model_its_parent_loaded() -> None:
    expected = LocalEmbedder().embed(SENTENCES)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        answer = pool.apply_async(LocalEmbedder().embed, [SENTENCES]).get(timeout=60)
    np.testing.assert_allclose(answer, expected, atol=1e-6)


def test_remote_vectors_have_the_promised_shape_type_and_length(remote: OpenAIEmbedder) -> None:
    vectors = remote.embed(["a", "bcd"])
    expected = np.array([vector_of("a"), vector_of("bcd")])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-6)


def test_the_request_follows_the_protocol(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    remote.embed(["a", "bcd"])
    assert server.paths == ["/v1/embeddings"]
    assert server.keys == [f"Bearer {KEY}"]
    assert server.requests == [{"model": "lengths", "input": ["a", "bcd"]}]


def test_a_dimension_is_asked_for_only_when_configured(server: OpenAIServer) -> None:
    OpenAIEmbedder(server.url, KEY, "lengths", 3, send_dimension=True).embed(["a"])
    assert server.requests == [{"model": "lengths", "input": ["a"], "dimensions": 3}]


def test_a_server_without_keys_gets_none(server: OpenAIServer) -> None:
    OpenAIEmbedder(f"{server.url}/", "", "lengths", 3).embed(["a"])
    assert server.keys == [None]
    assert server.paths == ["/v1/embeddings"]


def test_no_texts_send_no_request(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    assert remote.embed([]).shape == (0, 3)
    assert server.requests == []


def test_many_texts_travel_in_chunks_of_128(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    texts = ["x" * length for length in range(300)]
    vectors = remote.embed(texts)
    assert [len(request["input"]) for request in server.requests] == [128, 128, 44]
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], np.arange(300), rtol=1e-5)


def test_the_order_follows_the_indices_of_the_answer(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    server.script(backwards)
    vectors = remote.embed(["a", "bb", "ccc"])
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], [1, 2, 3], rtol=1e-6)


def test_it_waits_as_long_as_the_provider_asks(server: OpenAIServer) -> None:
    server.script(always({}, 429, Retry_After="1"))
    started = time.monotonic()
    OpenAIEmbedder(server.url, KEY, "lengths", 3).embed(["a"])
    assert 1 <= time.monotonic() - started < 3
    assert len(server.requests) == 2


def test_it_waits_no_longer_than_its_patience(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    server.script(always({}, 429, Retry_After="3600"))
    started = time.monotonic()
    remote.embed(["a"])
    assert time.monotonic() - started < 2


def test_a_retry_date_is_passed_over(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    server.script(always({}, 503, Retry_After="Fri, 31 Dec 2100 23:59:59 GMT"))
    assert remote.embed(["a"]).shape == (1, 3)


def test_it_gives_up_after_two_retries(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    server.script(*[always({}, 500)] * 3)
    with pytest.raises(EmbeddingError, match=r"^The embedding provider answered with HTTP status 500\.$"):
        remote.embed(["a"])
    assert len(server.requests) == 3


def test_a_refusal_is_not_retried(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    server.script(always({"error": {"message": f"Incorrect API key provided: {KEY}"}}, 401))
    with pytest.raises(EmbeddingError, match="HTTP status 401") as refusal:
        remote.embed(["a"])
    assert len(server.requests) == 1
    assert KEY not in f"{refusal.value!r} {refusal.value.__cause__!r} {remote!r}"


def test_a_redirect_does_not_carry_the_key_along(remote: OpenAIEmbedder, server: OpenAIServer) -> None:
    server.script(always({}, 302, Location=f"{server.url}/elsewhere"))
    with pytest.raises(EmbeddingError, match="HTTP status 404"):
        remote.embed(["a"])
    assert server.paths == ["/v1/embeddings", "/v1/elsewhere"]
    assert server.keys == [f"Bearer {KEY}", None]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"data": [{"index": 0, "embedding": [1, 2]}]}, r"dimension 2; lengths is configured with 3\.$"),
        ({"data": []}, "answered 1 texts with 0 embeddings"),
        ({"data": embeddings(["a", "b"]).body["data"]}, "answered 1 texts with 2 embeddings"),
        ({"data": [{"index": 1, "embedding": [1, 2, 3]}]}, "did not number them from 0"),
        ({"data": [{"index": 0, "embedding": [0, 0, 0]}]}, "no direction"),
        ({"data": [{"index": 0, "embedding": [1, float("nan"), 0]}]}, "no direction"),
        ({"data": [{"index": 0, "embedding": [1, float("inf"), 0]}]}, "no direction"),
        ({"data": [{"index": 0, "embedding": [1, {}, 0]}]}, "not a list of embeddings"),
        ({"data": [{"embedding": [1, 2, 3]}]}, "not a list of embeddings"),
        ({"data": None}, "not a list of embeddings"),
        ({"error": {"message": "no such model"}}, "not a list of embeddings"),
        ("<html>", "not a list of embeddings"),
    ],
)
def test_it_refuses_an_unusable_answer(
    remote: OpenAIEmbedder, server: OpenAIServer, body: object, complaint: str
) -> None:
    server.script(always(body))
    with pytest.raises(EmbeddingError, match=complaint):
        remote.embed(["a"])


def test_it_does_not_wait_for_a_silent_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(EmbeddingError, match=r"did not answer within 0\.2 s"):
            OpenAIEmbedder(url, KEY, "lengths", 3, timeout=0.2).embed(["a"])
    assert time.monotonic() - started < 2


def test_an_unreachable_provider_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    with pytest.raises(EmbeddingError, match=r"could not be reached \(ConnectionRefusedError\)"):
        OpenAIEmbedder(f"http://127.0.0.1:{port}", KEY, "lengths", 3, patience=0.01).embed(["a"])


def test_a_broken_connection_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as hanging_up, ThreadPoolExecutor(1) as pool:
        url = f"http://127.0.0.1:{hanging_up.getsockname()[1]}"
        embedder = OpenAIEmbedder(url, KEY, "lengths", 3, timeout=5, patience=0.01)
        answer = pool.submit(embedder.embed, ["a"])
        for _ in range(3):
            hanging_up.accept()[0].close()
        with pytest.raises(EmbeddingError, match="could not be reached"):
            answer.result(timeout=10)


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ({"url": "ftp://example.org"}, "must start with http:// or https://"),
        ({"url": "https:///v1"}, "name a host"),
        ({"url": "https://user:secret@example.org"}, "must not hold a user name or password"),
        ({"api_key": f"{KEY}\n"}, "printable ASCII"),
        ({"api_key": f"{KEY}é"}, "printable ASCII"),
        ({"model": ""}, "must have a name"),
        ({"dimension": 0}, "dimension is 0; allowed: a whole number from 1"),
    ],
)
def test_it_refuses_arguments_that_could_never_work(argument: dict[str, str], complaint: str) -> None:
    usable = {"url": "https://example.org/v1", "api_key": KEY, "model": "lengths", "dimension": 3}
    with pytest.raises(ValueError, match=complaint) as refusal:
        OpenAIEmbedder(**{**usable, **argument})  # type: ignore[arg-type]
    assert "secret" not in str(refusal.value)


def test_the_settings_choose_the_local_embedder(settings: Settings) -> None:
    settings.ENGRAM_EMBEDDER = "local"
    embedder = get_embedder()
    assert (embedder.model, embedder.dimension) == ("all-MiniLM-L6-v2-int8", 384)


def test_the_settings_choose_and_configure_a_remote_embedder(settings: Settings) -> None:
    settings.ENGRAM_EMBEDDER = "openai"
    settings.ENGRAM_OPENAI_URL = "https://example.org/v1"
    settings.ENGRAM_OPENAI_API_KEY = KEY
    settings.ENGRAM_OPENAI_MODEL = "lengths"
    settings.ENGRAM_OPENAI_DIMENSION = 3
    assert get_embedder() == OpenAIEmbedder("https://example.org/v1", KEY, "lengths", 3)


def test_an_unknown_embedder_is_refused(settings: Settings) -> None:
    settings.ENGRAM_EMBEDDER = "word2vec"
    with pytest.raises(ImproperlyConfigured, match=r"is 'word2vec'; allowed: local, openai\."):
        get_embedder()


def test_unusable_remote_settings_are_refused(settings: Settings) -> None:
    settings.ENGRAM_EMBEDDER = "openai"
    settings.ENGRAM_OPENAI_URL = "example.org/v1"
    with pytest.raises(ImproperlyConfigured, match=r"ENGRAM_OPENAI_\* settings .* URL must start"):
        get_embedder()
