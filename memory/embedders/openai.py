"""Embeddings from any server that speaks the OpenAI protocol: OpenAI, vLLM, Ollama, LiteLLM and others."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np
from numpy.typing import NDArray

from memory.embedders.base import EmbeddingError, TextsRefused, unit_rows

TEXTS_PER_REQUEST = 128
BACKOFF = (0.5, 1.0)
# What a provider says of the texts themselves. Other statuses are about who asks, or where.
REFUSALS = {400, 413, 422}


class _PassingError(EmbeddingError):
    """A failure that may be over in a moment, and how many seconds the provider asks to wait, if it says."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class OpenAIEmbedder:
    """Asks ``{url}/embeddings``, 128 texts at a time.

    url: the API's root, such as https://api.openai.com/v1.
    api_key: sent as a bearer token; empty for a server that wants none.
    timeout: seconds without a byte from the provider. It is not retried, because the caller has waited.
    send_dimension: also ask for ``dimension`` components, which only some models can vary.
    patience: the longest pause in s before each of the two retries of a 429, a 5xx or a lost connection.

    Raises ValueError for arguments that could never work.
    """

    url: str
    api_key: str = field(repr=False)
    model: str
    dimension: int
    timeout: float = 10.0
    send_dimension: bool = False
    patience: float = 5.0

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("The embedding URL must start with http:// or https:// and name a host.")
        if address.username is not None:
            raise ValueError("The embedding URL must not hold a user name or password.")
        # The standard library quotes a header that it refuses, which would put the key into a log.
        if not (self.api_key.isascii() and self.api_key.isprintable()):
            raise ValueError("The embedding API key must consist of printable ASCII characters.")
        if not self.model:
            raise ValueError("The embedding model must have a name.")
        if self.dimension < 1:
            raise ValueError(f"The embedding dimension is {self.dimension}; allowed: a whole number from 1.")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed the texts: shape (len(texts), dimension), rows of length 1. Raises EmbeddingError."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), TEXTS_PER_REQUEST):
            chunk = texts[start : start + TEXTS_PER_REQUEST]
            vectors[start : start + len(chunk)] = self._parse(self._post(chunk), len(chunk))
        return vectors

    def _post(self, texts: Sequence[str]) -> bytes:
        body: dict[str, object] = {"model": self.model, "input": list(texts)}
        if self.send_dimension:
            body["dimensions"] = self.dimension
        request = Request(  # noqa: S310 (the scheme is checked when the embedder is made)
            f"{self.url.rstrip('/')}/embeddings",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "engram"},
        )
        if self.api_key:
            # A redirect must not carry the key to another host.
            request.add_unredirected_header("Authorization", f"Bearer {self.api_key}")
        for pause in BACKOFF:
            try:
                return self._attempt(request)
            except _PassingError as error:
                wanted = pause if error.retry_after is None else error.retry_after
                time.sleep(min(wanted, self.patience))
        return self._attempt(request)

    def _attempt(self, request: Request) -> bytes:
        try:
            with urlopen(request, timeout=self.timeout) as response:  # noqa: S310
                answer: bytes = response.read()
                return answer
        except HTTPError as error:
            error.close()
            message = f"The embedding provider answered with HTTP status {error.code}."
            if error.code == 429 or error.code >= 500:
                raise _PassingError(message, _seconds(error.headers.get("Retry-After"))) from error
            raise (TextsRefused if error.code in REFUSALS else EmbeddingError)(message) from error
        except (OSError, HTTPException) as error:
            cause = error.reason if isinstance(error, URLError) else error
            if isinstance(cause, TimeoutError):
                raise EmbeddingError(f"The embedding provider did not answer within {self.timeout:g} s.") from error
            raise _PassingError(f"The embedding provider could not be reached ({type(cause).__name__}).") from error

    def _parse(self, answer: bytes, count: int) -> NDArray[np.float32]:
        try:
            items = sorted((item["index"], item["embedding"]) for item in json.loads(answer)["data"])
            sizes = {len(embedding) for _, embedding in items}
            if [index for index, _ in items] != list(range(count)):
                raise EmbeddingError(
                    f"The embedding provider answered {count} texts with {len(items)} embeddings "
                    "or did not number them from 0 without gaps."
                )
            if sizes != {self.dimension}:
                raise EmbeddingError(
                    f"The embedding provider answered with dimension {', '.join(map(str, sorted(sizes)))}; "
                    f"{self.model} is configured with {self.dimension}."
                )
            vectors = np.array([embedding for _, embedding in items], np.float64)
        except (ValueError, TypeError, KeyError) as error:
            raise EmbeddingError("The embedding provider's answer is not a list of embeddings.") from error
        return unit_rows(vectors)


def _seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After header that counts seconds; one with a date is passed over."""
    if retry_after is not None and retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    return None
