"""mem0 with pgvector, without an LLM: ``add(infer=False)`` and ``search``, tenants told apart by ``user_id``."""

from collections.abc import Sequence
from typing import Any

from mem0 import Memory
from mem0.embeddings.base import EmbeddingBase

from benchmarks.adapters.arms import Arm
from benchmarks.adapters.given import Given
from benchmarks.adapters.lines import Start, serve


class GivenEmbedder(EmbeddingBase):
    def __init__(self, given: Given) -> None:
        super().__init__()
        self._given = given

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        (vector,) = self._given.lists([text])
        return vector

    def embed_batch(self, texts: Sequence[str], memory_action: str = "add") -> list[list[float]]:
        return self._given.lists(texts)


class Mem0(Arm):
    def __init__(self, start: Start) -> None:
        store: dict[str, Any] = {
            "connection_string": start.database,
            "collection_name": "memories",
            "embedding_model_dims": start.given.dimension,
            "minconn": start.clients,
            "maxconn": start.clients,
        }
        # It wants an LLM and an embedder to be named; the first is never asked, the second replaced.
        unused = {"provider": "openai", "config": {"api_key": "unused"}}
        self._memory = Memory.from_config(
            {
                "vector_store": {"provider": "pgvector", "config": store},
                "llm": unused,
                "embedder": unused,
                "history_db_path": str(start.folder / "history.db"),
            }
        )
        self._memory.embedding_model = GivenEmbedder(start.given)

    def open(self, tenants: Sequence[str]) -> None:
        # The first use makes the table, which two threads at once would both try.
        self._memory.get_all(filters={"user_id": tenants[0]})

    def store(self, tenant: str, texts: Sequence[str]) -> None:
        self._memory.add([{"role": "user", "content": text} for text in texts], user_id=tenant, infer=False)

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        # Its threshold would leave out texts that are far from the cue, and the nearest ten are asked for.
        found = self._memory.search(cue, top_k=count, filters={"user_id": tenant}, threshold=0.0)
        return [memory["memory"] for memory in found["results"]]


if __name__ == "__main__":
    serve(["mem0ai", "psycopg"], Mem0)
