"""Export and import as tests spell them: files of lines, and what becomes of them."""

import json
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from memory.models import Memory
from memory.services import import_memories as importing
from tenants.models import Space
from tenants.scope import SpaceScope, space_tx
from tests.memory.space_api import SpaceApi
from tests.world import scope_of

NDJSON = "application/x-ndjson"
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
HEAD = {"type": "space", "version": 1, "embedding_model": "of-the-client", "embedding_dimension": 2}
END = {"type": "end"}


def exported(space: SpaceApi, **parameters: Any) -> list[Any]:
    """The lines of an export."""
    answer = space.get("export/", **parameters)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, NDJSON)
    return [json.loads(line) for line in answer.getvalue().splitlines()]


def of_type(kind: str, lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["type"] == kind]


def file_of(*lines: Any) -> bytes:
    return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()


def plane_file(*lines: Any) -> bytes:
    return file_of(HEAD, *lines, END)


def memory(content: str, **fields: Any) -> dict[str, Any]:
    return {"type": "memory", "id": str(uuid4()), "content": content, "embedding": EAST, **fields}


def send(space: SpaceApi, body: bytes, path: str = "import/") -> Any:
    method = space.client.post if path.startswith("import/?") or path == "import/" else space.client.patch
    return method(f"/api/v1/spaces/{space.space}/{path}", body, content_type=NDJSON)


def imported(space: SpaceApi, body: bytes) -> Any:
    """The import that came of a file, after a worker's work."""
    answer = send(space, body)
    assert answer.status_code == 202, answer.content
    work(space, answer.json()["id"])
    return space.get(f"import/{answer.json()['id']}/").json()


def work(space: SpaceApi, import_id: str, seconds: float = 60) -> str:
    scope = SpaceScope.for_task(Space.objects.get(name=space.space).id)
    return importing.import_memories(scope, UUID(import_id), 0, seconds)


def stored(space: str) -> list[tuple[Any, ...]]:
    """Every column of every memory, vector and association of a space, but for the space itself."""
    scope = scope_of(space)
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute(
            "select to_jsonb(m) - 'space_id', e.tier, e.vector::text from memory_memory m"
            " left join memory_embedding e on e.space_id = m.space_id and e.memory_id = m.id order by m.id"
        )
        memories = cursor.fetchall()
        cursor.execute("select to_jsonb(a) - 'space_id' from memory_association a order by 1")
        return [*memories, *cursor.fetchall()]


def clear(*spaces: str) -> None:
    for space in spaces:
        with space_tx(scope_of(space)):
            Memory.objects.all().delete()
