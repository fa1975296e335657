"""Chroma, in this process or as a server: a collection for each tenant."""

from collections.abc import Sequence
from uuid import uuid4

import chromadb

from benchmarks.adapters.arms import Arm
from benchmarks.adapters.lines import Start, serve


class Chroma(Arm):
    def __init__(self, start: Start) -> None:
        self._given = start.given
        if start.port is None:
            self._client = chromadb.PersistentClient(str(start.folder))
        else:
            self._client = chromadb.HttpClient("127.0.0.1", start.port)
        self._collections: dict[str, chromadb.Collection] = {}

    def open(self, tenants: Sequence[str]) -> None:
        for tenant in tenants:
            self._collections[tenant] = self._client.get_or_create_collection(
                tenant, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
            )

    def store(self, tenant: str, texts: Sequence[str]) -> None:
        ids = [str(uuid4()) for _ in texts]
        self._collections[tenant].add(ids, documents=list(texts), embeddings=self._given.of(texts))

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        found = self._collections[tenant].query(
            query_embeddings=self._given.of([cue]), n_results=count, include=["documents"]
        )
        (documents,) = found["documents"]
        return list(documents)


if __name__ == "__main__":
    serve(["chromadb"], Chroma)
