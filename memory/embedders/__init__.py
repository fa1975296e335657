"""Embedders: what turns a text into a vector. ``get_embedder`` gives the one that the settings choose."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from memory.embedders.base import Embedder, EmbeddingError
from memory.embedders.local import LocalEmbedder
from memory.embedders.openai import OpenAIEmbedder

__all__ = ["Embedder", "EmbeddingError", "get_embedder"]


def get_embedder() -> Embedder:
    """Return the embedder that the settings choose (ENGRAM_EMBEDDER: local or openai).

    Cheap to call: an embedder holds only its configuration, and the local model is kept once a process.
    Raises ImproperlyConfigured for an unknown embedder or for ENGRAM_OPENAI_* settings that could never work.
    """
    name = settings.ENGRAM_EMBEDDER
    if name == "local":
        return LocalEmbedder()
    if name != "openai":
        raise ImproperlyConfigured(f"ENGRAM_EMBEDDER is {name!r}; allowed: local, openai.")
    try:
        return OpenAIEmbedder(
            url=settings.ENGRAM_OPENAI_URL,
            api_key=settings.ENGRAM_OPENAI_API_KEY,
            model=settings.ENGRAM_OPENAI_MODEL,
            dimension=settings.ENGRAM_OPENAI_DIMENSION,
            send_dimension=settings.ENGRAM_OPENAI_SEND_DIMENSION,
        )
    except ValueError as error:
        raise ImproperlyConfigured(f"The ENGRAM_OPENAI_* settings cannot work. {error}") from error
