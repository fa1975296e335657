"""LangGraph's PostgresStore with its default index: a namespace for each tenant."""

from collections.abc import Sequence
from contextlib import ExitStack
from uuid import uuid4

from langgraph.store.base import PutOp
from langgraph.store.postgres import PostgresStore

from benchmarks.adapters.arms import Arm
from benchmarks.adapters.lines import Start, serve


class LangGraph(Arm):
    def __init__(self, start: Start) -> None:
        store = PostgresStore.from_conn_string(
            start.database,
            pool_config={"min_size": start.clients, "max_size": start.clients},
            index={"dims": start.given.dimension, "embed": start.given.lists, "fields": ["text"]},
        )
        self._until_the_end = ExitStack()
        self._store = self._until_the_end.enter_context(store)
        self._store.setup()

    def store(self, tenant: str, texts: Sequence[str]) -> None:
        self._store.batch([PutOp((tenant, "memories"), str(uuid4()), {"text": text}) for text in texts])

    def recall(self, tenant: str, cue: str, count: int) -> list[str]:
        return [item.value["text"] for item in self._store.search((tenant, "memories"), query=cue, limit=count)]


if __name__ == "__main__":
    serve(["langgraph", "langgraph-checkpoint-postgres", "psycopg"], LangGraph)
