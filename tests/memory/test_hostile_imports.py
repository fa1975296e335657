"""Files that should not come in, or not as they are: refused by line and field, with nothing stored."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from memory import transfer, vectors
from memory.records import Vector
from tenants import limits
from tenants.scope import SpaceScope
from tests.memory.space_api import SpaceApi, problems
from tests.memory.transfers import END, HEAD, file_of, imported, memory, plane_file, send, stored
from tests.world import World

BAD = [
    (file_of(), 0, "cut", None, "without a line of type 'end'"),
    (file_of(HEAD), 1, "cut", None, "it was cut"),
    (file_of(HEAD, END, END), 3, "invalid", None, "goes on after"),
    (file_of(END), 1, "invalid", "type", "The first line, and no other, is of type 'space'"),
    (plane_file(HEAD), 2, "invalid", "type", "The first line, and no other"),
    (file_of({**HEAD, "version": 2}, END), 1, "invalid", "version", "'version' is 2; allowed: 1."),
    (file_of({**HEAD, "embedding_dimension": 3}, END), 1, "invalid", "embedding_model", "with 3 dimensions"),
    (plane_file("not json"), 2, "invalid", None, "This is not JSON in UTF-8"),
    (plane_file("[1]"), 2, "invalid", None, "This is [1]; allowed: one JSON object."),
    (plane_file('{"type":"memory","content":"\\u0000"}'), 2, "invalid", None, "a NUL character cannot be stored"),
    (plane_file('{"type":"memory","metadata":' + "[" * 100_000), 2, "invalid", None, "This is not JSON in UTF-8"),
    (plane_file({"type": "secret"}), 2, "invalid", "type", "allowed: space, memory, association, mark, end."),
    (plane_file({"type": ["memory"]}), 2, "invalid", "type", "'type' is"),
    (plane_file({"type": "memory", "content": "No id."}), 2, "invalid", "id", "'id' is missing; allowed: a UUID."),
    (plane_file(memory("Odd.", space_id=str(uuid4()))), 2, "invalid", "space_id", "'space_id' is not a field"),
    (plane_file(memory("Odd.", id="17")), 2, "invalid", "id", "'id' is \"17\"; allowed: a UUID."),
    (plane_file(memory("  ")), 2, "invalid", "content", "a text that is not blank"),
    (plane_file(memory("x" * 32_769)), 2, "invalid", "content", "allowed: a text"),
    (plane_file(memory("Odd.", kind="Odd!")), 2, "invalid", "kind", "1 to 32 of a to z"),
    (plane_file(memory("Odd.", confidence=True)), 2, "invalid", "confidence", "a number from 0 to 1"),
    (plane_file(memory("Odd.", metadata={"a": "x" * 16_384})), 2, "invalid", "metadata", "metadata_bytes"),
    (plane_file(memory("Odd.", created_at="2026-01-01")), 2, "invalid", "created_at", "an ISO 8601 time"),
    (plane_file(memory("Odd.", created_at="0001-01-01T00:00:00+14:00")), 2, "invalid", "created_at", "an ISO 8601"),
    (plane_file(memory("Odd.", created_at="2026-01-01T00:00:00+24:00")), 2, "invalid", "created_at", "an ISO 8601"),
    (plane_file(memory("Odd.", confidence=-1e-50)), 2, "invalid", "confidence", "a number from 0 to 1"),
    (plane_file(memory("Odd.", tier="lava")), 2, "invalid", "tier", "hot, warm, cold"),
    (plane_file(memory("Odd.", stability=0)), 2, "invalid", "stability", "days"),
    (plane_file(memory("Odd.", recall_count=2**31)), 2, "invalid", "recall_count", "a whole number from 0"),
    (plane_file(memory("Odd.", embedding=[1.0])), 2, "invalid", "embedding", "'embedding' has 1 numbers"),
    (plane_file(memory("Odd.", embedding=[0, 0])), 2, "invalid", "embedding", "no direction"),
    (plane_file(memory("Odd.", embedding=[10**400, 0])), 2, "invalid", "embedding", "a number that is too large"),
    (plane_file(memory("Odd.", embedding="[1,0]")), 2, "invalid", "embedding", "a list of numbers"),
    (plane_file(memory("Odd.", embedding=None)), 2, "embedding_required", "embedding", "send 'embedding'"),
    (plane_file({"type": "association", "source": str(uuid4()), "target": str(uuid4())}), 2, "unknown_memory", "source", ""),
    (plane_file({"type": "association", "source": str(UUID(int=1)), "target": str(UUID(int=1))}), 2, "invalid", "target", ""),
    (plane_file("x" * 500_000), 2, "too_large", None, "which no line needs"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "line", "code", "attr", "words"), BAD, ids=range(len(BAD)))
def test_a_hostile_file_is_refused_by_its_line_and_field_and_leaves_nothing(
    plane: SpaceApi, body: bytes, line: int, code: str, attr: str | None, words: str
) -> None:
    job = imported(plane, body)
    problem = job["problem"]
    assert (job["status"], problem["line"], problem["code"], problem["attr"]) == ("failed", line, code, attr)
    assert problem["detail"].startswith(f"Line {line}: ")
    assert words in problem["detail"]
    assert plane.listed() == []


def test_a_text_that_the_embedder_will_not_have_ends_the_import(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(scope: SpaceScope, texts: list[str]) -> list[Vector]:
        raise vectors.TextRefused("It will not have the text.", "embedding_refused")

    monkeypatch.setattr(vectors, "embed", refuse)
    job = imported(plane, plane_file(memory("Known.", embedding=[1, 0]), memory("Too long.", embedding=None)))
    assert (job["status"], job["problem"]["code"], job["problem"]["line"]) == ("failed", "embedding_refused", 3)


def test_numbers_and_offsets_that_the_database_would_not_read_are_taken(plane: SpaceApi) -> None:
    odd = memory(
        "Odd.",
        confidence=1e-50,
        created_at="2026-01-01T00:00:00+23:59",
        recent_recalls=["2026-01-02T00:00:00-23:59:59"],
    )
    target = memory("Its target.")
    link = {
        "type": "association",
        "source": odd["id"],
        "target": target["id"],
        "created_at": "2026-01-01T00:00:00-16:00",
    }
    assert imported(plane, plane_file(odd, target, link))["status"] == "done"
    row = plane.row(odd["id"])
    assert (row.confidence, row.created_at.isoformat()) == (0, "2025-12-31T00:01:00+00:00")


def test_what_the_database_cannot_store_ends_the_import_and_names_its_lines(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A check that lets too much by, as one day another may.
    shape, fields, required = transfer._SHAPES["memory"]
    unchecked = {**fields, "stability": (float, "any")}
    monkeypatch.setitem(transfer._SHAPES, "memory", (shape, unchecked, required))
    problem = imported(plane, plane_file(memory("Fine."), memory("Odd.", stability=1e-50)))["problem"]
    assert (problem["code"], problem["line"], problem["attr"]) == ("invalid", 1, None)
    assert problem["detail"] == "Line 1: The database cannot store a value of the lines 1 to 4."
    assert plane.listed() == []
    assert imported(plane, plane_file(memory("Next.")))["status"] == "done"


def test_a_link_to_a_later_line_is_refused_whatever_the_batch(plane: SpaceApi) -> None:
    first, second = memory("One."), memory("Two.")
    link = {"type": "association", "source": first["id"], "target": second["id"]}
    job = imported(plane, plane_file(first, link, second))
    assert (job["problem"]["line"], job["problem"]["attr"]) == (3, "target")


def test_a_link_to_another_spaces_memory_is_refused(world: World, plane: SpaceApi) -> None:
    mine, theirs = memory("Mine."), world.memories["globex_s1"]
    link = {"type": "association", "source": mine["id"], "target": theirs}
    job = imported(plane, plane_file(mine, link))
    assert (job["problem"]["code"], job["problem"]["line"], job["problem"]["attr"]) == ("unknown_memory", 3, "target")


def test_an_id_that_another_tenant_uses_is_ones_own_here(world: World, plane: SpaceApi) -> None:
    before = stored("globex_s1")
    assert imported(plane, plane_file(memory("Mine now.", id=world.memories["globex_s1"])))["memories"] == 1
    assert plane.row(world.memories["globex_s1"]).content == "Mine now."
    assert stored("globex_s1") == before


def test_a_vector_of_another_length_is_brought_to_one(plane: SpaceApi) -> None:
    imported(plane, plane_file(memory("Long.", embedding=[3.0, 4.0])))
    assert stored("acme_plane")[0][2] == "[0.60009766,0.7998047]"


def test_a_file_larger_than_the_installation_allows_is_refused(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = replace(limits.installation(), sizes=limits.Sizes(import_bytes=100))
    monkeypatch.setattr("memory.services.imports.installation", lambda: smaller)
    answer = send(plane, plane_file(memory("One."), memory("Two.")))
    assert (answer.status_code, problems(answer)) == (413, [("too_large", None)])


def test_a_file_of_another_type_is_refused(plane: SpaceApi) -> None:
    answer = plane.client.post("/api/v1/spaces/acme_plane/import/", b"a,b", content_type="text/csv")
    assert answer.status_code == 415


def test_a_file_may_be_larger_than_any_other_request(plane: SpaceApi, monkeypatch: pytest.MonkeyPatch) -> None:
    smaller = replace(limits.installation(), sizes=limits.Sizes(body_bytes=100))
    monkeypatch.setattr("engram_site.middleware.installation", lambda: smaller)
    assert imported(plane, plane_file(memory("One."), memory("Two.")))["memories"] == 2
    assert plane.post("memories/", {"content": "x" * 200}).status_code == 413


def test_who_may_write_may_not_import_for_that_sets_what_clients_cannot(world: World) -> None:
    answer = send(SpaceApi("acme_s1", world.client("acme_s1")), plane_file())
    assert (answer.status_code, problems(answer)) == (403, [("permission_denied", None)])
